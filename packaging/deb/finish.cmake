# Run by cpack on what it is about to pack: what Debian wants of every package, and what nobody who installs one needs.

# Smallest, and the same bytes each time.
function(compress file)
    execute_process(COMMAND gzip -9nf "${file}" COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(add_document package from name)
    set(folder "${CPACK_TEMPORARY_DIRECTORY}/${package}/usr/share/doc/${CPACK_DEBIAN_${group}_PACKAGE_NAME}")
    configure_file("${from}" "${folder}/${name}" COPYONLY FILE_PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
    if(name MATCHES "^changelog")
        compress("${folder}/${name}")
    endif()
endfunction()

foreach(package IN ITEMS dev tools)
    string(TOUPPER "${package}" group)
    set(root "${CPACK_TEMPORARY_DIRECTORY}/${package}")
    if(NOT IS_DIRECTORY "${root}")
        continue()
    endif()
    add_document(${package} "${CPACK_INFRA_DEB_FILES}/copyright" copyright)
    add_document(${package} "${CPACK_INFRA_DEB_FILES}/changelog" changelog.Debian)
    add_document(${package} "${CPACK_INFRA_CHANGELOG}" changelog)
    file(GLOB_RECURSE pages "${root}/usr/share/man/*.[1-8]")
    foreach(page IN LISTS pages)
        compress("${page}")
    endforeach()
    file(REMOVE_RECURSE "${root}/usr/share/zsh/site-functions") # of /usr/local; Debian's is vendor-completions
    file(GLOB_RECURSE libraries "${root}/usr/lib/*.a")
    foreach(library IN LISTS libraries)
        execute_process(
            COMMAND "${CPACK_INFRA_STRIP}" --strip-debug --enable-deterministic-archives --remove-section=.comment "${library}"
            COMMAND_ERROR_IS_FATAL ANY)
    endforeach()
endforeach()
