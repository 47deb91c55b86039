# infra_embed_web(dashboard web)
# builds the pages of a folder (package.json, package-lock.json, build.mjs, src/) and compiles what comes of it into the module: assets.cpp, for
# the module's own src/assets.hpp. npm and esbuild work in the build folder; the sources' folder stays as it is.

function(infra_embed_web module folder)
    set(from "${CMAKE_CURRENT_SOURCE_DIR}/${folder}")
    set(into "${CMAKE_CURRENT_BINARY_DIR}/${folder}")
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${from}/src/*")
    add_custom_command(
        OUTPUT "${into}/node_modules/.package-lock.json"
        COMMAND "${CMAKE_COMMAND}" "-DFROM=${from}" "-DINTO=${into}" "-DNPM=${INFRA_NPM}" -P
                "${PROJECT_SOURCE_DIR}/cmake/install_web.cmake"
        DEPENDS "${from}/package.json" "${from}/package-lock.json" "${PROJECT_SOURCE_DIR}/cmake/install_web.cmake"
        COMMENT "Installing what the ${module}'s pages are built with"
        VERBATIM)
    add_custom_command(
        OUTPUT "${into}/assets.cpp"
        BYPRODUCTS "${into}/weights.json"
        COMMAND "${INFRA_NODE}" "${from}/build.mjs" "${into}"
        DEPENDS ${sources} "${from}/build.mjs" "${from}/tsconfig.json" "${into}/node_modules/.package-lock.json"
        COMMENT "Building the ${module}'s pages"
        VERBATIM)
    target_sources(infra_${module} PRIVATE "${into}/assets.cpp")
    set_source_files_properties("${into}/assets.cpp" PROPERTIES
        INCLUDE_DIRECTORIES "${CMAKE_CURRENT_SOURCE_DIR}/src" SKIP_PRECOMPILE_HEADERS ON)
endfunction()
