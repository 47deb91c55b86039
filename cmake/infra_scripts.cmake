# infra_embed_scripts(queue_redis src/redis/scripts infra::queue::redis_backend::scripts add_jobs work)
# compiles add_jobs.lua and work.lua of that folder into the module, as the redis::script objects that its scripts.hpp declares. A line
# `-- use queue` becomes lib/queue.lua. Comments stay behind.

function(infra_embed_scripts module folder namespace)
    set(made "${CMAKE_CURRENT_BINARY_DIR}/${module}_scripts.cpp")
    file(GLOB_RECURSE read CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.lua")
    list(JOIN ARGN " " names)
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
