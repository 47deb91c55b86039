# Two Debian packages of what is installed: libinfra-dev (every module) and infra-tools (programs, and files for those who run services).
#
#   cmake --workflow --preset package          configures, builds and makes them in build/package
#   cpack --config build/dev/CPackConfig.cmake of any other build
#
# What libinfra-dev depends on are the packages of the table in infra_dependencies.cmake that its modules link, so that whatever
# find_package(infra) or pkg-config looks for is there.

if(NOT PROJECT_IS_TOP_LEVEL)
    return()
endif()

# The Debian packages of all that the modules link.
function(infra_debian_packages result)
    set(found "")
    get_property(modules GLOBAL PROPERTY infra_modules)
    foreach(module IN LISTS modules)
        foreach(field IN ITEMS PUBLIC_LINKS PRIVATE_LINKS)
            get_property(links GLOBAL PROPERTY infra_module_${module}_${field})
            foreach(link IN LISTS links)
                get_property(debian GLOBAL PROPERTY infra_dependency_${link}_DEBIAN)
                list(APPEND found ${debian})
            endforeach()
        endforeach()
    endforeach()
    list(REMOVE_DUPLICATES found)
    list(SORT found)
    list(JOIN found ", " found)
    set(${result} "${found}" PARENT_SCOPE)
endfunction()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME infra)
set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "") # each has its own
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PRE_BUILD_SCRIPTS "${PROJECT_SOURCE_DIR}/packaging/deb/finish.cmake")
set(CPACK_INFRA_DEB_FILES "${PROJECT_SOURCE_DIR}/packaging/deb")
set(CPACK_INFRA_CHANGELOG "${PROJECT_SOURCE_DIR}/CHANGELOG.md")
set(CPACK_INFRA_STRIP "${CMAKE_STRIP}")

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SOURCE infra)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "The infra authors <infra@localhost>")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)

set(CPACK_DEBIAN_DEV_PACKAGE_NAME libinfra-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
infra_debian_packages(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS)
set(CPACK_DEBIAN_DEV_PACKAGE_RECOMMENDS "clang-19 | clang (>= 1:19)") # Debian 12's g++ is refused
set(CPACK_DEBIAN_DEV_PACKAGE_SUGGESTS "cmake, pkg-config, libgtest-dev, infra-tools") # GoogleTest: infra/testing/background_conformance.hpp
set(CPACK_DEBIAN_DEV_DESCRIPTION "production infrastructure modules for C++20 services
Background jobs, cache, mail, object storage, channels over WebSockets,
logging, health checks, metrics and traces, an HTTP server and client: each
works on one machine without another service, and grows onto Redis, S3 and
OpenTelemetry.

These are the headers and the static libraries, for CMake's
find_package(infra COMPONENTS ...) and for pkg-config.")

set(CPACK_DEBIAN_TOOLS_PACKAGE_NAME infra-tools)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_TOOLS_PACKAGE_RECOMMENDS "ca-certificates, tzdata") # read when it speaks TLS, and of schedules in other zones
set(CPACK_DEBIAN_TOOLS_PACKAGE_SUGGESTS "libinfra-dev")
set(CPACK_DEBIAN_TOOLS_DESCRIPTION "command for services that are built on infra
Looks into queues, caches, outboxes, object stores and channels, changes what
is in them, and tells whether a service is well.

Beside it are a systemd unit, a Dockerfile, alerts for Prometheus and a board
for Grafana, to be copied.")

include(CPack)
cpack_add_component_group(dev)
cpack_add_component_group(tools)
foreach(module IN LISTS modules)
    cpack_add_component(${module} GROUP dev)
endforeach()
if(INFRA_PROGRAMS)
    cpack_add_component(programs GROUP tools)
endif()
