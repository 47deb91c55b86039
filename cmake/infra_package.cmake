# What `cmake --install` leaves behind: every module's library and headers, find_package(infra COMPONENTS …) and
# pkg-config files. A component is one module. It has its own list of targets and its own list of foreign packages, so
# that asking for `health` looks for nothing that health does not stand on.

include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/infra")
set(generated_dir "${PROJECT_BINARY_DIR}/package")

# The infra modules, the find_dependency calls and the pkg-config words that `links` stand for.
function(infra_sort_links links modules_out packages_out pc_out flags_out)
    set(modules "")
    set(packages "")
    set(pc "")
    set(flags "")
    foreach(link IN LISTS links)
        if(link MATCHES "^infra::(.+)$")
            list(APPEND modules ${CMAKE_MATCH_1})
            continue()
        endif()
        get_property(package GLOBAL PROPERTY infra_dependency_${link}_PACKAGE)
        if(NOT package)
            message(FATAL_ERROR "${link} is not in cmake/infra_dependencies.cmake")
        endif()
        list(JOIN package " " package)
        list(APPEND packages "find_dependency(${package})")
        get_property(link_pc GLOBAL PROPERTY infra_dependency_${link}_PC)
        get_property(link_flags GLOBAL PROPERTY infra_dependency_${link}_LIBS)
        list(APPEND pc ${link_pc})
        list(APPEND flags ${link_flags})
    endforeach()
    set(${modules_out} "${modules}" PARENT_SCOPE)
    set(${packages_out} "${packages}" PARENT_SCOPE)
    set(${pc_out} "${pc}" PARENT_SCOPE)
    set(${flags_out} "${flags}" PARENT_SCOPE)
endfunction()

function(infra_install_module name)
    foreach(field IN ITEMS ROOM DIR PUBLIC_LINKS PRIVATE_LINKS PUBLIC_DEFINITIONS REGISTER)
        get_property(${field} GLOBAL PROPERTY infra_module_${name}_${field})
    endforeach()
    set(links ${PUBLIC_LINKS} ${PRIVATE_LINKS})
    infra_sort_links("${links}" modules packages pc flags)

    install(TARGETS infra_${name} EXPORT infra-${name} COMPONENT ${name})
    install(EXPORT infra-${name} NAMESPACE infra:: FILE infra-${name}-targets.cmake
            DESTINATION "${package_dir}" COMPONENT ${name})
    if(name STREQUAL ROOM)
        install(DIRECTORY "${DIR}/include/" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT ${name})
    endif()

    list(REMOVE_DUPLICATES packages)
    list(JOIN packages "\n" find_dependencies)
    list(JOIN modules " " requires)
    configure_file("${PROJECT_SOURCE_DIR}/cmake/component.cmake.in" "${generated_dir}/infra-${name}.cmake" @ONLY)
    install(FILES "${generated_dir}/infra-${name}.cmake" DESTINATION "${package_dir}" COMPONENT ${name})

    list(TRANSFORM modules PREPEND infra-)
    list(JOIN modules " " requires)
    list(JOIN pc " " pc)
    list(JOIN flags " " libs)
    string(PREPEND libs "-linfra_${name} ")
    if(REGISTER)
        string(PREPEND libs "-Wl,-u,${REGISTER} ")
    endif()
    set(cflags ${INFRA_PUBLIC_DEFINITIONS} ${PUBLIC_DEFINITIONS})
    list(TRANSFORM cflags PREPEND -D)
    list(JOIN cflags " " cflags)
    configure_file("${PROJECT_SOURCE_DIR}/cmake/component.pc.in" "${generated_dir}/infra-${name}.pc" @ONLY)
    install(FILES "${generated_dir}/infra-${name}.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT ${name})
endfunction()

# pkg-config files find the prefix from where they stand, so an installed tree may be moved.
file(RELATIVE_PATH pc_to_prefix "/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/prefix")
string(REGEX REPLACE "/$" "" pc_to_prefix "${pc_to_prefix}")

get_property(modules GLOBAL PROPERTY infra_modules)
foreach(module IN LISTS modules)
    infra_install_module(${module})
endforeach()

set(recycles_frames TRUE)
if(INFRA_PUBLIC_DEFINITIONS MATCHES "DISABLE_AWAITABLE_FRAME_RECYCLING")
    set(recycles_frames FALSE)
endif()
configure_package_config_file(cmake/infra-config.cmake.in "${generated_dir}/infra-config.cmake"
    INSTALL_DESTINATION "${package_dir}" NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file("${generated_dir}/infra-config-version.cmake" COMPATIBILITY SameMinorVersion)
install(FILES
        "${generated_dir}/infra-config.cmake" "${generated_dir}/infra-config-version.cmake"
        cmake/infra_refuse_compilers.cmake cmake/Findcmark_gfm.cmake
        DESTINATION "${package_dir}" COMPONENT base)

# What is installed, and no more: a part of a build is enough for it.
add_custom_target(installables)
foreach(module IN LISTS modules)
    get_property(sources TARGET infra_${module} PROPERTY SOURCES)
    if(sources)
        add_dependencies(installables infra_${module})
    endif()
endforeach()
if(TARGET infra)
    add_dependencies(installables infra)
endif()
