# Under libFuzzer, where its runtime is installed (Debian: libclang-rt-*-dev). An ordinary run is short.
#
#     infra_add_fuzz(redis parser ParserSurvivesFuzzing
#         LONGEST 256                             of the inputs, in bytes
#         SOURCES src/parser.cpp src/reply.cpp    what is fuzzed, compiled once more to be watched
#         LINKS infra::base
#         RUNS 50000                              a hundred times as many with --long; this many unless given
#         DICTIONARY tests/parser.dict            of libFuzzer's, if there is one
#         SEEDS tests/parser_seeds/ping.txt …)    inputs to begin with, if there are any
#
# makes redis_parser_fuzz of tests/parser_fuzz.cpp, and the test redis.ParserSurvivesFuzzing, which runs it.

include(CheckCXXSourceCompiles)
set(CMAKE_REQUIRED_FLAGS -fsanitize=fuzzer-no-link)
set(CMAKE_REQUIRED_LINK_OPTIONS -fsanitize=fuzzer)
check_cxx_source_compiles(
    "extern \"C\" int LLVMFuzzerTestOneInput(const unsigned char*, decltype(sizeof 0)) { return 0; }" INFRA_HAS_LIBFUZZER)
unset(CMAKE_REQUIRED_FLAGS)
unset(CMAKE_REQUIRED_LINK_OPTIONS)
set(INFRA_FUZZ_OPTIONS -fsanitize=fuzzer,address,undefined -O1)

function(infra_add_fuzz room what test)
    cmake_parse_arguments(PARSE_ARGV 3 arg "" "LONGEST;RUNS;DICTIONARY" "SEEDS;SOURCES;LINKS")
    infra_check_arguments("infra_add_fuzz(${what})" "${arg_UNPARSED_ARGUMENTS}" "${arg_KEYWORDS_MISSING_VALUES}")
    if(NOT INFRA_TESTS OR NOT INFRA_HAS_LIBFUZZER OR INFRA_SANITIZE MATCHES "thread")
        return()
    endif()
    if(NOT arg_RUNS)
        set(arg_RUNS 50000)
    endif()
    if(arg_DICTIONARY)
        set(dictionary " -dict=${CMAKE_CURRENT_SOURCE_DIR}/${arg_DICTIONARY}")
    endif()
    if(arg_SEEDS)
        list(TRANSFORM arg_SEEDS PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/")
        list(JOIN arg_SEEDS "," seeds)
        set(seeds " -seed_inputs=${seeds}")
    endif()
    set(program ${room}_${what}_fuzz)
    add_executable(${program} tests/${what}_fuzz.cpp ${arg_SOURCES})
    target_compile_features(${program} PRIVATE cxx_std_20)
    target_compile_options(${program} PRIVATE ${INFRA_FUZZ_OPTIONS})
    target_link_options(${program} PRIVATE -fsanitize=fuzzer,address,undefined)
    target_include_directories(${program} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}" "${CMAKE_CURRENT_SOURCE_DIR}/include")
    target_link_libraries(${program} PRIVATE ${arg_LINKS})
    infra_use_precompiled_headers(${program} infra_headers_for_fuzzing)
    infra_compile_together(${program})
    add_test(NAME ${room}.${test}
        COMMAND sh -c "test -z \"$INFRA_TEST_LONG\" || runs=${arg_RUNS}00; exec \"$0\" -seed=1 -max_len=${arg_LONGEST} -timeout=5${dictionary}${seeds} -runs=\${runs:-${arg_RUNS}}"
                $<TARGET_FILE:${program}>)
    set_tests_properties(${room}.${test} PROPERTIES TIMEOUT 600)
endfunction()
