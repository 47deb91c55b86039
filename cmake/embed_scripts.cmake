# Run by infra_embed_scripts() in a process of its own: writes MADE from FOLDER/<name>.lua for each of NAMES.

# What a file says, with the files that it uses in their places. What follows a used file is a function within it: Lua looks for each local
# variable that a function uses among all of its level, and it does so at each call of the script; 80 functions of one level cost 14 us.
function(read_script file result)
    file(READ "${file}" text)
    string(REGEX MATCHALL "-- use [a-z_]+[^\n]*" uses "${text}")
    foreach(use IN LISTS uses)
        string(REGEX REPLACE "^-- use ([a-z_]+).*$" "\\1" name "${use}")
        read_script("${FOLDER}/lib/${name}.lua" used)
        if(use MATCHES " when needed: (.*)$")
            make_when_needed("${used}" "${CMAKE_MATCH_1}" used)
        endif()
        string(REPLACE "${use}\n" "${used}return (function()\n" text "${text}")
    endforeach()
    string(REGEX REPLACE "(^|\n) *--[^\n]*" "\\1" text "${text}")
    set(${result} "${text}" PARENT_SCOPE)
endfunction()

# With the ends of those functions.
function(close_levels text result)
    string(REGEX MATCHALL "return \\(function\\(\\)\n" levels "${text}")
    list(LENGTH levels count)
    string(REPEAT "end)()\n" ${count} ends)
    set(${result} "${text}${ends}" PARENT_SCOPE)
endfunction()

# `-- use parents when needed: leave_parent, read_link` makes these two only, each a function that makes all of lib/parents.lua when it is called
# for the first time: a function costs each call of the script, whether it calls that or not: 76 of them cost 25 000 instructions.
function(make_when_needed text names result)
    close_levels("${text}return ${names}\n" text)
    string(REPLACE "return (function()\n" "return (function ()\n" text "${text}") # those are closed
    set(made "local ${names}\ndo\nlocal function make()\n${text}end\n")
    string(REPLACE ", " ";" each "${names}")
    foreach(name IN LISTS each)
        string(APPEND made "${name} = function(...)\n${names} = make()\nreturn ${name}(...)\nend\n")
    endforeach()
    set(${result} "${made}end\n" PARENT_SCOPE)
endfunction()

string(REPLACE " " ";" names "${NAMES}")
set(source "#include \"scripts.hpp\"\n\nnamespace ${NAMESPACE} {\n\n")
foreach(name IN LISTS names)
    read_script("${FOLDER}/${name}.lua" text)
    close_levels("${text}" text)
    string(APPEND source "const redis::script ${name}(R\"lua(${text})lua\");\n\n")
endforeach()
string(APPEND source "} // namespace ${NAMESPACE}\n")
file(WRITE "${MADE}" "${source}")
