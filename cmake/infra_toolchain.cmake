# How our own targets are compiled. Nothing here reaches a project that uses infra with add_subdirectory, except
# infra_warnings, which every target of ours links privately at build time.

include(CheckLinkerFlag)

add_library(infra_warnings INTERFACE)
target_compile_options(infra_warnings INTERFACE -Wall -Wextra -Wconversion -Wshadow)
if(INFRA_WARNINGS_AS_ERRORS)
    target_compile_options(infra_warnings INTERFACE -Werror)
endif()

if(NOT PROJECT_IS_TOP_LEVEL)
    return()
endif()

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
endif()

set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
set(CMAKE_CXX_EXTENSIONS OFF)

add_compile_options($<$<CONFIG:Debug>:-D_GLIBCXX_ASSERTIONS>)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    add_compile_options(-fcolor-diagnostics)
endif()

if(INFRA_SANITIZE)
    list(JOIN INFRA_SANITIZE "," sanitizers)
    add_compile_options(-fsanitize=${sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${sanitizers})
endif()

if(NOT CMAKE_EXE_LINKER_FLAGS MATCHES "-fuse-ld")
    check_linker_flag(CXX -fuse-ld=lld INFRA_HAS_LLD)
    if(INFRA_HAS_LLD)
        add_link_options(-fuse-ld=lld)
    endif()
endif()

# A precompiled header is cached only if the compiler leaves the time out of it (-fno-pch-timestamp) and ccache is told
# that this is intended.
find_program(INFRA_CCACHE ccache)
mark_as_advanced(INFRA_CCACHE)
if(INFRA_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER
        ${CMAKE_COMMAND} -E env
        CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
        ${INFRA_CCACHE})
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
endif()
