# Two precompiled headers serve the whole build: one for libraries and programs, one (with GoogleTest) for tests. They
# hold what is both used everywhere and slow to parse. A target asks for one with infra_use_precompiled_headers(), and gets
# one that also has <infra/app.hpp> where it links infra::app: to read all modules is two fifths of what such a file costs.
# What is fuzzed is compiled otherwise, and has one of its own.

function(infra_add_precompiled_headers name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "HEADERS;LINKS;OPTIONS")
    infra_find_dependencies(${arg_LINKS})
    file(CONFIGURE OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp" CONTENT "")
    add_library(${name} OBJECT EXCLUDE_FROM_ALL "${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp")
    target_compile_features(${name} PUBLIC cxx_std_20)
    target_compile_definitions(${name} PRIVATE ${INFRA_PUBLIC_DEFINITIONS})
    target_compile_options(${name} PRIVATE ${arg_OPTIONS})
    target_link_libraries(${name} PRIVATE ${arg_LINKS} infra_warnings)
    target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/base/include") # linked it would be a circle
    target_precompile_headers(${name} PRIVATE ${arg_HEADERS})
endfunction()

function(infra_use_precompiled_headers target name)
    if(INFRA_PRECOMPILED_HEADERS)
        if("infra::app" IN_LIST ARGN)
            string(APPEND name _with_app)
        endif()
        target_precompile_headers(${target} REUSE_FROM ${name})
    endif()
endfunction()

if(NOT INFRA_PRECOMPILED_HEADERS)
    return()
endif()

set(headers
    <algorithm> <array> <atomic> <chrono> <cstdint> <deque> <exception> <functional> <map> <memory> <mutex> <optional>
    <span> <stdexcept> <string> <string_view> <system_error> <thread> <tuple> <unordered_map> <utility> <variant> <vector>
    <boost/asio/any_io_executor.hpp>
    <boost/asio/awaitable.hpp>
    <boost/asio/bind_cancellation_slot.hpp>
    <boost/asio/co_spawn.hpp>
    <boost/asio/deferred.hpp>
    <boost/asio/detached.hpp>
    <boost/asio/experimental/parallel_group.hpp>
    <boost/asio/io_context.hpp>
    <boost/asio/ip/tcp.hpp>
    <boost/asio/post.hpp>
    <boost/asio/steady_timer.hpp>
    <boost/asio/this_coro.hpp>
    <boost/asio/use_awaitable.hpp>
    <boost/describe.hpp>
    <boost/json.hpp>
    <boost/system/result.hpp>
    <boost/system/system_error.hpp>
    <infra/base.hpp>
    "${CMAKE_CURRENT_LIST_DIR}/usual_instances.hpp")

set(links Boost::headers Boost::json Threads::Threads)
infra_add_precompiled_headers(infra_headers_for_sources HEADERS ${headers} LINKS ${links})
if(INFRA_TESTS AND INFRA_HAS_LIBFUZZER)
    infra_add_precompiled_headers(infra_headers_for_fuzzing HEADERS ${headers} LINKS ${links} OPTIONS ${INFRA_FUZZ_OPTIONS})
endif()
infra_add_precompiled_headers(infra_headers_for_sources_with_app HEADERS ${headers} <infra/app.hpp> LINKS ${links} infra::app)
if(INFRA_TESTS)
    list(APPEND headers <gtest/gtest.h>)
    list(APPEND links GTest::gtest)
    infra_add_precompiled_headers(infra_headers_for_tests HEADERS ${headers} LINKS ${links})
    infra_add_precompiled_headers(infra_headers_for_tests_with_app HEADERS ${headers} <infra/app.hpp> LINKS ${links} infra::app)
endif()
