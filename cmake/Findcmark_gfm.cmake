# Debian ships cmark-gfm without CMake's package files. Defines cmark_gfm::cmark_gfm, which links the extensions too.

find_path(CMARK_GFM_INCLUDE_DIR cmark-gfm.h)
find_library(CMARK_GFM_LIBRARY cmark-gfm)
find_library(CMARK_GFM_EXTENSIONS_LIBRARY cmark-gfm-extensions)
mark_as_advanced(CMARK_GFM_INCLUDE_DIR CMARK_GFM_LIBRARY CMARK_GFM_EXTENSIONS_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(cmark_gfm
    REQUIRED_VARS CMARK_GFM_LIBRARY CMARK_GFM_EXTENSIONS_LIBRARY CMARK_GFM_INCLUDE_DIR)

if(cmark_gfm_FOUND AND NOT TARGET cmark_gfm::cmark_gfm)
    add_library(cmark_gfm::cmark_gfm INTERFACE IMPORTED)
    target_include_directories(cmark_gfm::cmark_gfm INTERFACE "${CMARK_GFM_INCLUDE_DIR}")
    target_link_libraries(cmark_gfm::cmark_gfm INTERFACE "${CMARK_GFM_EXTENSIONS_LIBRARY}" "${CMARK_GFM_LIBRARY}")
endif()
