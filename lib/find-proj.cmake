# PROJ is opened at run time, under the name that belongs to the header found here. Sets
#   PTATTN_PROJ_INCLUDE  folder of proj.h
#   PTATTN_PROJ_SONAME   libproj.so.N
#   PTATTN_PROJ_PACKAGE  libprojN, Debian's package of that library
find_path(PTATTN_PROJ_INCLUDE proj.h REQUIRED)
find_library(PTATTN_PROJ_LIBRARY proj REQUIRED)
file(REAL_PATH ${PTATTN_PROJ_LIBRARY} PTATTN_PROJ_SONAME)
get_filename_component(PTATTN_PROJ_SONAME ${PTATTN_PROJ_SONAME} NAME)
string(REGEX MATCH [[^libproj\.so\.[0-9]+]] PTATTN_PROJ_SONAME ${PTATTN_PROJ_SONAME})
if(NOT PTATTN_PROJ_SONAME)
  message(FATAL_ERROR "${PTATTN_PROJ_LIBRARY} is not a shared library of PROJ")
endif()
string(REGEX REPLACE [[^libproj\.so\.]] "libproj" PTATTN_PROJ_PACKAGE ${PTATTN_PROJ_SONAME})
