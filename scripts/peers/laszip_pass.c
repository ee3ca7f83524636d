/* Times one pass of LASzip over a file, for scripts/bench_las.py.
 *
 *   laszip_pass read FILE         laszip_read_point for every point
 *   laszip_pass write FILE OUT    reads FILE and writes its points to OUT (.laz) as they come
 *
 * Prints the seconds, and those of the processor. cc -O2 laszip_pass.c -o laszip_pass -llaszip (liblaszip-dev, Debian 13). */

#include <laszip/laszip_api.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static double now(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int fail(laszip_POINTER z, const char *what) {
  laszip_CHAR *text = NULL;
  if (z != NULL) laszip_get_error(z, &text);
  fprintf(stderr, "laszip_pass: %s: %s\n", what, text != NULL ? text : "failed");
  return 1;
}

int main(int argc, char **argv) {
  const int writes = argc == 4 && strcmp(argv[1], "write") == 0;
  if (!writes && !(argc == 3 && strcmp(argv[1], "read") == 0)) {
    fputs("usage: laszip_pass read FILE | write FILE OUT\n", stderr);
    return 2;
  }
  laszip_POINTER in = NULL;
  laszip_POINTER out = NULL;
  laszip_BOOL compressed = 0;
  struct laszip_header *header = NULL;
  struct laszip_point *point = NULL;
  const double start = now(CLOCK_MONOTONIC);
  const double processor = now(CLOCK_PROCESS_CPUTIME_ID);
  if (laszip_create(&in) || laszip_open_reader(in, argv[2], &compressed)) return fail(in, argv[2]);
  laszip_get_header_pointer(in, &header);
  laszip_get_point_pointer(in, &point);
  if (writes) {
    if (laszip_create(&out) || laszip_set_header(out, header) || laszip_open_writer(out, argv[3], 1)) {
      return fail(out, argv[3]);
    }
  }
  laszip_I64 count = header->number_of_point_records ? header->number_of_point_records
                                                     : (laszip_I64)header->extended_number_of_point_records;
  for (laszip_I64 i = 0; i < count; ++i) {
    if (laszip_read_point(in)) return fail(in, argv[2]);
    if (writes && (laszip_set_point(out, point) || laszip_write_point(out))) return fail(out, argv[3]);
  }
  if (writes && laszip_close_writer(out)) return fail(out, argv[3]);
  laszip_close_reader(in);
  printf("%.4f %.4f\n", now(CLOCK_MONOTONIC) - start, now(CLOCK_PROCESS_CPUTIME_ID) - processor);
  return 0;
}
