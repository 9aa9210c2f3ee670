# The install tree: libraries with their version links, header, find_package and pkg-config files.
# Everything in it is relative to its own place, so the tree may be moved after it was installed.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/AlternatorLB)
set(pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(FILES ${lib_dir}/${so_file} TYPE LIB COMPONENT runtime
        PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
install(FILES ${lib_dir}/${so_name} TYPE LIB COMPONENT runtime)
install(FILES ${lib_dir}/${so_link} ${lib_dir}/${archive} TYPE LIB COMPONENT development)
file(GLOB headers CONFIGURE_DEPENDS include/alternator_lb.h include/alternator_lb.hpp)
install(FILES ${headers} TYPE INCLUDE COMPONENT development)

configure_package_config_file(cmake/AlternatorLBConfig.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/AlternatorLBConfig.cmake
  INSTALL_DESTINATION ${package_dir}
  PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/AlternatorLBConfigVersion.cmake
  VERSION ${PROJECT_VERSION} COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/AlternatorLBConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/AlternatorLBConfigVersion.cmake
        DESTINATION ${package_dir} COMPONENT development)

# pkg-config knows where the .pc file lies (pcfiledir); all other paths are given from there.
file(RELATIVE_PATH prefix_from_pc /prefix/${pkgconfig_dir} /prefix)
list(JOIN ALTERNATOR_LB_NATIVE_LIBS " " native_libs_text)
configure_file(cmake/alternator_lb.pc.in ${CMAKE_CURRENT_BINARY_DIR}/alternator_lb.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/alternator_lb.pc DESTINATION ${pkgconfig_dir} COMPONENT development)
