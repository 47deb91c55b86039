# The one table of what we stand on: for each foreign target the find_package call that makes it (used by this build and
# by the installed package) and the pkg-config module or linker flags that mean the same.
#
#   infra_dependency(CURL::libcurl PACKAGE CURL 7.88 PC libcurl DEBIAN libcurl4-openssl-dev)

function(infra_dependency target)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "DEBIAN" "PACKAGE;PC;LIBS")
    set_property(GLOBAL APPEND PROPERTY infra_dependencies ${target})
    foreach(field IN ITEMS PACKAGE PC LIBS DEBIAN)
        set_property(GLOBAL PROPERTY infra_dependency_${target}_${field} "${arg_${field}}")
    endforeach()
endfunction()

infra_dependency(Threads::Threads PACKAGE Threads LIBS -pthread DEBIAN libc6-dev)
infra_dependency(Boost::headers PACKAGE Boost 1.81 CONFIG DEBIAN libboost1.81-dev)
infra_dependency(Boost::json PACKAGE Boost 1.81 CONFIG COMPONENTS json LIBS -lboost_json DEBIAN libboost-json1.81-dev)
infra_dependency(CURL::libcurl PACKAGE CURL 7.88 PC libcurl DEBIAN libcurl4-openssl-dev)
infra_dependency(OpenSSL::SSL PACKAGE OpenSSL 3 PC libssl DEBIAN libssl-dev)
infra_dependency(OpenSSL::Crypto PACKAGE OpenSSL 3 PC libcrypto DEBIAN libssl-dev)
infra_dependency(SQLite::SQLite3 PACKAGE SQLite3 3.40 PC sqlite3 DEBIAN libsqlite3-dev)
infra_dependency(ZLIB::ZLIB PACKAGE ZLIB 1.2 PC zlib DEBIAN zlib1g-dev)
infra_dependency(cmark_gfm::cmark_gfm PACKAGE cmark_gfm LIBS -lcmark-gfm-extensions -lcmark-gfm
                 DEBIAN libcmark-gfm-extensions-dev)
infra_dependency(CLI11::CLI11 PACKAGE CLI11 2.1 CONFIG DEBIAN libcli11-dev)
infra_dependency(GTest::gtest PACKAGE GTest 1.12 DEBIAN libgtest-dev)
infra_dependency(GTest::gtest_main PACKAGE GTest 1.12 DEBIAN libgtest-dev)

# Finds the packages of the foreign targets among `links`, each where it is first asked for.
function(infra_find_dependencies)
    set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON)
    set(THREADS_PREFER_PTHREAD_FLAG ON)
    foreach(link IN LISTS ARGN)
        get_property(package GLOBAL PROPERTY infra_dependency_${link}_PACKAGE)
        if(TARGET ${link} OR NOT package)
            continue()
        endif()
        find_package(${package} QUIET)
        if(NOT TARGET ${link})
            get_property(debian GLOBAL PROPERTY infra_dependency_${link}_DEBIAN)
            list(JOIN package " " package)
            message(FATAL_ERROR "${PROJECT_NAME} needs ${package} and did not find it: apt-get install ${debian}")
        endif()
    endforeach()
endfunction()
