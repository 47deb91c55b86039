# Read by CTest when it starts, for each executable of tests: tells it of the tests in EXECUTABLE, under names that begin with PREFIX.
#
# A suite is one test and one process, since most cases take less time than a process takes to start. Where the environment has
# INFRA_TEST_CASES each case is one, so that ./test finds a case by its name. What fits a pattern of TOGETHER is told of elsewhere.

if(NOT EXISTS "${EXECUTABLE}")
    add_test("${PREFIX}IsNotBuilt" "${EXECUTABLE}")
    return()
endif()
list(JOIN TOGETHER ":" without)
execute_process(COMMAND "${EXECUTABLE}" --gtest_list_tests "--gtest_filter=-${without}"
                OUTPUT_VARIABLE listed RESULT_VARIABLE failed TIMEOUT 60)
if(failed)
    message(FATAL_ERROR "${EXECUTABLE} does not list its tests: ${failed}\n${listed}")
endif()

# How the output ends where all were skipped. Some that were, among others, are no more than lines of it.
set(all_skipped "\\[  PASSED  \\] 0 tests\\.\n(\\[  SKIPPED \\][^\n]*\n)+$")

macro(tell_of name filter seconds)
    add_test("${PREFIX}${name}" "${EXECUTABLE}" "--gtest_filter=${filter}")
    set_tests_properties("${PREFIX}${name}" PROPERTIES TIMEOUT ${seconds} SKIP_REGULAR_EXPRESSION "${all_skipped}")
endmacro()

string(REGEX REPLACE " +#[^\n]*" "" listed "${listed}") # values of parameters
string(REGEX MATCHALL "[^\n]+" lines "${listed}")
foreach(line IN LISTS lines)
    if(line MATCHES "^([^ ]+)\\.$")
        set(suite "${CMAKE_MATCH_1}")
        if(NOT DEFINED ENV{INFRA_TEST_CASES})
            tell_of("${suite}" "${suite}.*" 600)
        endif()
    elseif(line MATCHES "^  ([^ ]+)$" AND DEFINED ENV{INFRA_TEST_CASES})
        tell_of("${suite}.${CMAKE_MATCH_1}" "${suite}.${CMAKE_MATCH_1}" 120)
    endif()
endforeach()
