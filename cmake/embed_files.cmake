# Run by infra_embed_files() in a process of its own: writes MADE from the files of FOLDER.

file(GLOB files "${FOLDER}/*")
set(source "#include \"files.hpp\"\n\nnamespace ${NAMESPACE} {\n\n")
foreach(file IN LISTS files)
    file(READ "${file}" text)
    get_filename_component(name "${file}" NAME)
    if(name MATCHES "\\.js$")
        # `//` behind a space, or at the beginning of a line, begins a comment.
        string(REGEX REPLACE "(^|[ \n])//[^\n]*" "\\1" text "${text}")
        string(REGEX REPLACE "[ \n]*\n *" "\n" text "${text}")
    endif()
    string(REGEX REPLACE "[^A-Za-z0-9_]" "_" name "${name}")
    string(APPEND source "const std::string_view ${name}(R\"embedded(${text})embedded\");\n\n")
endforeach()
string(APPEND source "} // namespace ${NAMESPACE}\n")
file(WRITE "${MADE}" "${source}")
