# infra_embed_files(email_preview src/preview/files infra::email::preview::files)
# compiles each file of that folder into the module, as the std::string_view that a files.hpp declares, which is beside the folder or in
# the one named fourth: style.css is style_css, live-page.js live_page_js. Scripts go without their comments and indentation.

function(infra_embed_files module folder namespace)
    set(made "${CMAKE_CURRENT_BINARY_DIR}/${module}_files.cpp")
    file(GLOB files CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*")
    add_custom_command(
        OUTPUT "${made}"
        COMMAND "${CMAKE_COMMAND}" "-DFOLDER=${CMAKE_CURRENT_SOURCE_DIR}/${folder}" "-DNAMESPACE=${namespace}"
                "-DMADE=${made}" -P "${PROJECT_SOURCE_DIR}/cmake/embed_files.cmake"
        DEPENDS ${files} "${PROJECT_SOURCE_DIR}/cmake/embed_files.cmake"
        VERBATIM)
    set(target infra_${module})
    if(NOT TARGET ${target}) # a program's
        set(target ${module})
    endif()
    target_sources(${target} PRIVATE "${made}")
    cmake_path(GET folder PARENT_PATH header)
    if(ARGC GREATER 3)
        set(header "${ARGV3}")
    endif()
    set_source_files_properties("${made}" PROPERTIES INCLUDE_DIRECTORIES "${CMAKE_CURRENT_SOURCE_DIR}/${header}")
endfunction()
