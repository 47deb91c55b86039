# infra_module(queue_sqlite
#     SOURCES src/sqlite_backend.cpp …      listed, never globbed; none: a header-only module
#     ROOM queue                            whose include/ it shares; default: the module's own name
#     PUBLIC_LINKS infra::queue             what users of the headers see
#     PRIVATE_LINKS SQLite::SQLite3         what only the sources see
#     PUBLIC_DEFINITIONS NAME=VALUE …       what its headers must be compiled with
#     REGISTER infra_queue_sqlite           an extern "C" symbol that every program linking the module pulls in
#     TESTS tests/sqlite_backend_test.cpp … one executable queue_sqlite_tests; each suite is a CTest test, or each case (list_tests.cmake)
#     TEST_LINKS infra::testing
#     TESTS_TOGETHER */Cluster …            of these, in the way of --gtest_filter, each pattern's cases are one CTest test, in one
#                                           process: for those that share what takes seconds to make
#     BENCH bench/throughput_bench.cpp …)   each one executable, queue_sqlite_throughput_bench, which ./bench runs
#
# makes the static library infra_queue_sqlite, known as infra::queue_sqlite here and where infra is installed, the
# component queue_sqlite of find_package(infra) and the pkg-config module infra-queue_sqlite.
#
# REGISTER is for backends. A linker takes from a static library only the objects somebody refers to, and nobody refers
# to a backend that announces itself from the constructor of a global. So the module names a function next to that
# global, and whoever links the module (through CMake or pkg-config) is linked with `-u <function>`, which makes the
# linker look for it and bring the global along:
#
#     namespace { const bool registered = infra::queue::register_backend("sqlite", &make_sqlite_backend); }
#     extern "C" void infra_queue_sqlite() {}
#
# infra_program(infra SOURCES src/main.cpp … LINKS infra::app CLI11::CLI11 [INSTALL] [TESTS …] [TEST_LINKS …])
# makes a program, build/<preset>/bin/infra.

include(GNUInstallDirs)


# Asio and Boost.JSON are compiled once, not in every file. These reach our users: a program must see one Asio.
set(INFRA_PUBLIC_DEFINITIONS BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
    # Clang before 19 may keep a thread_local's address across a suspension, and Asio's recycling falls over it.
    list(APPEND INFRA_PUBLIC_DEFINITIONS BOOST_ASIO_DISABLE_AWAITABLE_FRAME_RECYCLING)
endif()

function(infra_module name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "ROOM;REGISTER"
        "SOURCES;PUBLIC_LINKS;PRIVATE_LINKS;PUBLIC_DEFINITIONS;TESTS;TEST_LINKS;TESTS_TOGETHER;BENCH")
    infra_check_arguments("infra_module(${name})" "${arg_UNPARSED_ARGUMENTS}" "${arg_KEYWORDS_MISSING_VALUES}")
    if(NOT arg_ROOM)
        set(arg_ROOM ${name})
    endif()
    infra_find_dependencies(${arg_PUBLIC_LINKS} ${arg_PRIVATE_LINKS})
    infra_add_library(infra_${name})
    add_library(infra::${name} ALIAS infra_${name})
    set_target_properties(infra_${name} PROPERTIES EXPORT_NAME ${name})
    set_property(GLOBAL APPEND PROPERTY infra_modules ${name})
    set_property(GLOBAL PROPERTY infra_module_${name}_ROOM ${arg_ROOM})
    set_property(GLOBAL PROPERTY infra_module_${name}_DIR ${CMAKE_CURRENT_SOURCE_DIR})
    foreach(field IN ITEMS PUBLIC_LINKS PRIVATE_LINKS PUBLIC_DEFINITIONS REGISTER)
        set_property(GLOBAL PROPERTY infra_module_${name}_${field} "${arg_${field}}")
    endforeach()
    infra_add_tests(${name} "${arg_TESTS}" "infra::${name};${arg_TEST_LINKS}" ${arg_TESTS_TOGETHER})
    infra_add_benchmarks(${name} "${arg_BENCH}" "infra::${name};${arg_TEST_LINKS}")
endfunction()

# The library itself; reads infra_module's arguments.
function(infra_add_library target)
    if(arg_SOURCES)
        set(public PUBLIC)
        add_library(${target} STATIC ${arg_SOURCES})
        infra_compile_together(${target})
        target_link_libraries(${target} PRIVATE ${arg_PRIVATE_LINKS} $<BUILD_INTERFACE:infra_warnings>)
        infra_use_precompiled_headers(${target} infra_headers_for_sources ${arg_PUBLIC_LINKS})
    else()
        set(public INTERFACE)
        add_library(${target} INTERFACE)
    endif()
    target_compile_features(${target} ${public} cxx_std_20)
    target_compile_definitions(${target} ${public} ${INFRA_PUBLIC_DEFINITIONS} ${arg_PUBLIC_DEFINITIONS})
    target_link_libraries(${target} ${public} ${arg_PUBLIC_LINKS})
    target_include_directories(${target} ${public}
        "$<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include>" $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    if(arg_REGISTER)
        target_link_options(${target} INTERFACE "LINKER:-u,${arg_REGISTER}")
    endif()
endfunction()

# Most of what a small source costs is to read its headers, so eight are compiled as one. What is local to a source has
# therefore a name that no other source of its target uses. Tests are compiled one by one: they are what is changed most.
function(infra_compile_together target)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ${INFRA_UNITY} UNITY_BUILD_BATCH_SIZE 8)
endfunction()

function(infra_program name)
    if(NOT INFRA_PROGRAMS)
        return()
    endif()
    cmake_parse_arguments(PARSE_ARGV 1 arg "INSTALL" "" "SOURCES;LINKS;TESTS;TEST_LINKS")
    infra_check_arguments("infra_program(${name})" "${arg_UNPARSED_ARGUMENTS}" "${arg_KEYWORDS_MISSING_VALUES}")
    infra_add_executable(${name} "${arg_SOURCES}" "${arg_LINKS}" infra_headers_for_sources)
    infra_compile_together(${name})
    infra_add_tests(${name} "${arg_TESTS}" "${arg_LINKS};${arg_TEST_LINKS}")
    if(arg_INSTALL AND INFRA_INSTALL)
        install(TARGETS ${name} COMPONENT programs)
    endif()
endfunction()

function(infra_add_tests name sources links)
    if(NOT INFRA_TESTS OR NOT sources)
        return()
    endif()
    infra_add_executable(${name}_tests "${sources}" "${links};GTest::gtest;GTest::gtest_main" infra_headers_for_tests)
    target_include_directories(${name}_tests PRIVATE
        "${CMAKE_CURRENT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}/testing/support") # memory_shortage.hpp
    infra_list_tests(${name}_tests "${name}." ${ARGN})
    foreach(pattern IN LISTS ARGN)
        add_test(NAME "${name}.${pattern}" COMMAND ${name}_tests "--gtest_filter=${pattern}")
        set_tests_properties("${name}.${pattern}" PROPERTIES TIMEOUT 300 COST 100) # takes longest, so begins first
    endforeach()
    if(TARGET ${name})
        add_dependencies(${name}_tests ${name})
    endif()
endfunction()

# CTest asks the executable what is in it; what fits the patterns that follow is left out.
function(infra_list_tests target prefix)
    set(listing "${CMAKE_CURRENT_BINARY_DIR}/${target}_listing.cmake")
    file(GENERATE OUTPUT "${listing}" CONTENT "set(EXECUTABLE [[$<TARGET_FILE:${target}>]])
set(PREFIX [[${prefix}]])
set(TOGETHER [[${ARGN}]])
include([[${PROJECT_SOURCE_DIR}/cmake/list_tests.cmake]])
")
    set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${listing}")
endfunction()

function(infra_add_benchmarks name sources links)
    if(NOT INFRA_TESTS)
        return()
    endif()
    foreach(source IN LISTS sources)
        get_filename_component(stem "${source}" NAME_WE)
        infra_add_executable(${name}_${stem} "${source}" "${links}" infra_headers_for_sources)
        target_include_directories(${name}_${stem} PRIVATE "${PROJECT_SOURCE_DIR}/testing/bench") # comparison.hpp
        add_dependencies(benchmarks ${name}_${stem})
    endforeach()
endfunction()

function(infra_add_executable target sources links headers)
    infra_find_dependencies(${links})
    add_executable(${target} ${sources})
    target_compile_features(${target} PRIVATE cxx_std_20)
    target_link_libraries(${target} PRIVATE ${links} infra_warnings)
    infra_use_precompiled_headers(${target} ${headers} ${links})
endfunction()

function(infra_check_arguments call unknown valueless)
    if(unknown)
        message(FATAL_ERROR "${call} does not know: ${unknown}")
    endif()
    if(valueless)
        message(FATAL_ERROR "${call} names without values: ${valueless}")
    endif()
endfunction()
