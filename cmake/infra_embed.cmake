# infra_embed_files(email_preview src/preview/files infra::email::preview::files)
# compiles each file of that folder into the module, as the std::string_view that the files.hpp beside the folder declares: style.css
# is style_css.

function(infra_embed_files module folder namespace)
    set(made "${CMAKE_CURRENT_BINARY_DIR}/${module}_files.cpp")
    file(GLOB files CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*")
    add_custom_command(
        OUTPUT "${made}"
        COMMAND "${CMAKE_COMMAND}" "-DFOLDER=${CMAKE_CURRENT_SOURCE_DIR}/${folder}" "-DNAMESPACE=${namespace}"
                "-DMADE=${made}" -P "${PROJECT_SOURCE_DIR}/cmake/embed_files.cmake"
        DEPENDS ${files} "${PROJECT_SOURCE_DIR}/cmake/embed_files.cmake"
        VERBATIM)
    target_sources(infra_${module} PRIVATE "${made}")
    cmake_path(GET folder PARENT_PATH parent)
    set_source_files_properties("${made}" PROPERTIES INCLUDE_DIRECTORIES "${CMAKE_CURRENT_SOURCE_DIR}/${parent}")
endfunction()
