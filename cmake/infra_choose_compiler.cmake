# Runs before project(). Clang is the reference compiler, so a top-level build that names no compiler gets the newest
# Clang from 16 up. A compiler named by the user, a toolchain file or a parent project is left alone.

if(DEFINED CMAKE_CXX_COMPILER OR DEFINED ENV{CXX} OR CMAKE_TOOLCHAIN_FILE OR PROJECT_NAME)
    return()
endif()

foreach(version RANGE 30 16 -1)
    find_program(INFRA_CLANG_${version} clang++-${version})
    mark_as_advanced(INFRA_CLANG_${version})
    if(INFRA_CLANG_${version})
        set(CMAKE_CXX_COMPILER "${INFRA_CLANG_${version}}" CACHE FILEPATH "C++ compiler")
        return()
    endif()
endforeach()
