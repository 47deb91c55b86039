# infra_embed_scripts(queue_redis src/redis/scripts infra::queue::redis_backend::scripts)
# compiles each .lua file of that folder into the module, as the redis::script object of its name that its scripts.hpp declares. A line
# `-- use queue` becomes lib/queue.lua. Comments stay behind.

function(infra_embed_scripts module folder namespace)
    set(made "${CMAKE_CURRENT_BINARY_DIR}/${module}_scripts.cpp")
    file(GLOB_RECURSE read CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.lua")
    file(GLOB scripts CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.lua")
    list(TRANSFORM scripts REPLACE "^.*/(.*)\\.lua$" "\\1")
    list(JOIN scripts " " names)
    add_custom_command(
        OUTPUT "${made}"
        COMMAND "${CMAKE_COMMAND}" "-DFOLDER=${CMAKE_CURRENT_SOURCE_DIR}/${folder}" "-DNAMESPACE=${namespace}" "-DNAMES=${names}"
                "-DMADE=${made}" -P "${PROJECT_SOURCE_DIR}/cmake/embed_scripts.cmake"
        DEPENDS ${read} "${PROJECT_SOURCE_DIR}/cmake/embed_scripts.cmake"
        VERBATIM)
    target_sources(infra_${module} PRIVATE "${made}")
    cmake_path(GET folder PARENT_PATH parent)
    set_source_files_properties("${made}" PROPERTIES INCLUDE_DIRECTORIES "${CMAKE_CURRENT_SOURCE_DIR}/${parent}")
endfunction()
