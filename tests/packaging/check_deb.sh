#!/usr/bin/env bash
# check_deb.sh CPACK BUILD_FOLDER VERSION: makes the Debian packages and checks what a user would
# notice: dependencies on shared libraries only, tools that run, models where the tools look.
set -euo pipefail
cpack=$1 build=$2 version=$3

fail() {
  echo "FAIL: $*" >&2
  exit 1
}

rm -rf "$build/packages"
(cd "$build" && "$cpack" --config CPackConfig.cmake >/dev/null)
runtime=("$build"/packages/ptattn_"$version"_*.deb)
dev=("$build"/packages/libptattn-dev_"$version"_*.deb)
[ -f "${runtime[0]}" ] || fail "no runtime package"
[ -f "${dev[0]}" ] || fail "no development package"

depends=$(dpkg-deb -f "${runtime[0]}" Depends)
echo "Depends: $depends"
case "$depends" in *-dev*) fail "the runtime package depends on a development package" ;; esac
for library in libtbb12 libpng16-16 zlib1g; do
  case "$depends" in
    *"$library"*) ;;
    *) fail "the runtime package does not name $library, which it is linked with" ;;
  esac
done

# PROJ is opened when a reference system is asked for by its code: recommended, under the name that the programs open.
recommends=$(dpkg-deb -f "${runtime[0]}" Recommends)
opened=$(strings -a "$build/bin/ptattn-segment" | sed -nE 's/^libproj\.so\.([0-9]+)$/libproj\1/p' | sort -u)
[ -n "$opened" ] || fail "ptattn-segment opens no PROJ"
[ "$recommends" = "$opened" ] || fail "the runtime package recommends '$recommends', the programs open $opened"
case "$depends" in *libproj*) fail "the runtime package depends on PROJ, which few commands ask for" ;; esac

case "$depends" in *libopen3d*) fail "the runtime package depends on Open3D" ;; esac
viewer=("$build"/packages/ptattn-view_"$version"_*.deb)
if [ -e "$build/bin/ptattn-view" ]; then
  [ -f "${viewer[0]}" ] || fail "no package of the viewer"
  case "$(dpkg-deb -f "${viewer[0]}" Depends)" in
    *libopen3d*) ;;
    *) fail "the viewer's package does not name Open3D, which it is linked with" ;;
  esac
fi

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
dpkg-deb -x "${runtime[0]}" "$root"
[ ! -e "$root/usr/bin/ptattn-view" ] || fail "the viewer is in the runtime package"
[ ! -f "${viewer[0]}" ] || dpkg-deb -x "${viewer[0]}" "$root"
for program in "$build"/bin/ptattn-*; do
  name=$(basename "$program")
  [ "$("$root/usr/bin/$name" --version | head -n 1)" = "$name $version" ] ||
    fail "$name is not in the package or does not tell its version"
  gzip -t "$root/usr/share/man/man1/$name.1.gz" || fail "$name has no manual page in the package"
  [ -s "$root/usr/share/bash-completion/completions/$name" ] || fail "$name has no completion"
done

# Models for research use come by a package of their own, which says so before anybody installs it.
research=("$build"/packages/ptattn-models-research_"$version"_*.deb)
[ -f "${research[0]}" ] || fail "no package of the models for research use"
case "$(dpkg-deb -f "${research[0]}" Description)" in
  *research*) ;;
  *) fail "the package of the models for research use does not say so" ;;
esac
for model in "$root"/usr/share/ptattn/models/*/; do
  ! grep -q 'Research use' "$model/README.md" || fail "$model is for research use and in the runtime package"
done
dpkg-deb -x "${research[0]}" "$root"
for package in ptattn ptattn-models-research; do
  documents=$root/usr/share/doc/$package
  [ -s "$documents/copyright" ] || fail "$package has no copyright file"
  gzip -t "$documents/changelog.gz" || fail "$package has no changelog"
  for model in "$root"/usr/share/ptattn/models/*/; do
    grep -q "/$(basename "$model")/" "$documents/copyright" || fail "the copyright file does not name $model"
  done
done
summaries=
for package in "${runtime[0]}" "${dev[0]}" "${research[0]}"; do
  description=$(dpkg-deb -f "$package" Description)
  [ "$(wc -l <<< "$description")" -gt 2 ] || fail "$package has no description"
  ! grep -q '^  ' <<< "$description" || fail "the description of $package is not wrapped: lines begin with two blanks"
  summary=$(head -n 1 <<< "$description")
  ! grep -qxF "$summary" <<< "$summaries" || fail "$package is summed up as another one is: $summary"
  summaries+=$summary$'\n'
  [ -n "$(dpkg-deb -f "$package" Homepage)" ] || fail "$package names no homepage"
done

for model in "$root"/usr/share/ptattn/models/*/; do
  [ -f "$model/config.json" ] || fail "$model has no config.json"
  [ -f "$model/model.safetensors" ] || fail "$model has no weights"
done
[ ! -e "$root/usr/include" ] || fail "headers in the runtime package"
dpkg-deb -x "${dev[0]}" "$root"
[ -f "$root/usr/include/ptattn/core/error.hpp" ] || fail "no headers in the development package"
echo "ok"
