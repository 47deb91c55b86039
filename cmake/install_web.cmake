# Run by infra_embed_web() in a process of its own: npm's packages of FROM into INTO/node_modules, no script of theirs run.

file(MAKE_DIRECTORY "${INTO}")
file(COPY "${FROM}/package.json" "${FROM}/package-lock.json" DESTINATION "${INTO}")
execute_process(
    COMMAND "${NPM}" ci --ignore-scripts --no-audit --no-fund --loglevel=error
    WORKING_DIRECTORY "${INTO}"
    OUTPUT_QUIET
    ERROR_VARIABLE said
    RESULT_VARIABLE failed)
if(failed)
    message(FATAL_ERROR "npm could not install what the dashboard is built with:\n${said}\n"
        "It needs npm's registry once. To build without the dashboard: cmake -DINFRA_DASHBOARD=OFF")
endif()
file(TOUCH "${INTO}/node_modules/.package-lock.json")
