# GCC before 13 compiles coroutines into programs that free memory twice, without a warning. No header can protect its
# users from that, so the compiler is refused. The installed package includes this file too.

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    set(infra_compiler_refusal
        "GCC ${CMAKE_CXX_COMPILER_VERSION} silently miscompiles temporaries in co_await expressions: an aggregate with a \
string member, as in `co_await enqueue(job, {.user_id = id})`, is freed twice. Use Clang 16 or later (Clang 19 is the \
reference: apt-get install clang-19, then cmake -DCMAKE_CXX_COMPILER=clang++-19) or GCC 13 or later.")
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 16)
    set(infra_compiler_refusal
        "Clang ${CMAKE_CXX_COMPILER_VERSION} is too old: infra needs Clang 16 or later (Clang 19 is the reference: \
apt-get install clang-19, then cmake -DCMAKE_CXX_COMPILER=clang++-19).")
else()
    unset(infra_compiler_refusal)
endif()

if(infra_compiler_refusal AND NOT CMAKE_FIND_PACKAGE_NAME)
    message(FATAL_ERROR "${infra_compiler_refusal}")
endif()
