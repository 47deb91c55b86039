# Run by infra_embed_scripts() in a process of its own: writes MADE from FOLDER/<name>.lua for each of NAMES.

# What a file says, with the files that it uses in their places. What follows a used file is a function within it: Lua looks for each local
# variable that a function uses among all of its level, and it does so at each call of the script; 80 functions of one level cost 14 us.
function(read_script file result)
    file(READ "${file}" text)
    string(REGEX MATCHALL "-- use [a-z_]+" uses "${text}")
    foreach(use IN LISTS uses)
        string(REPLACE "-- use " "" name "${use}")
        read_script("${FOLDER}/lib/${name}.lua" used)
        string(REPLACE "${use}\n" "${used}return (function()\n" text "${text}")
    endforeach()
    string(REGEX REPLACE "(^|\n) *--[^\n]*" "\\1" text "${text}")
    set(${result} "${text}" PARENT_SCOPE)
endfunction()

# With the ends of those functions.
function(read_whole_script file result)
    read_script("${file}" text)
    string(REGEX MATCHALL "return \\(function\\(\\)\n" levels "${text}")
    list(LENGTH levels count)
    string(REPEAT "end)()\n" ${count} ends)
    set(${result} "${text}${ends}" PARENT_SCOPE)
endfunction()

string(REPLACE " " ";" names "${NAMES}")
set(source "#include \"scripts.hpp\"\n\nnamespace ${NAMESPACE} {\n\n")
foreach(name IN LISTS names)
    read_whole_script("${FOLDER}/${name}.lua" text)
    string(APPEND source "const redis::script ${name}(R\"lua(${text})lua\");\n\n")
endforeach()
string(APPEND source "} // namespace ${NAMESPACE}\n")
file(WRITE "${MADE}" "${source}")
