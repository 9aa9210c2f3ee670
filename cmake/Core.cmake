# Runs cargo and turns what it leaves behind into AlternatorLB::shared and AlternatorLB::static.
#
#   cargo build --> <target dir>/<profile>/libalternator_lb.{so,a}
#       --> <build>/lib/libalternator_lb.so.<version>, .so.<ABI major>, .so     (copy and links)
#       --> <build>/lib/libalternator_lb.a                                      (localised, see LocaliseArchive.cmake)
#
# cargo runs in every build, since it alone knows whether a source changed; the later steps run when its files did.

find_program(CARGO cargo)
find_program(RUSTC rustc)
if(NOT CARGO OR NOT RUSTC)
  message(FATAL_ERROR "cargo and rustc are needed to build the core: see https://rustup.rs")
endif()

set(cargo_args build --locked --lib --profile ${ALTERNATOR_LB_PROFILE} --manifest-path ${CMAKE_CURRENT_SOURCE_DIR}/Cargo.toml
    --target-dir ${ALTERNATOR_LB_CARGO_TARGET_DIR})
set(rustc_args "")
set(cargo_out ${ALTERNATOR_LB_CARGO_TARGET_DIR})
if(ALTERNATOR_LB_RUST_TARGET)
  list(APPEND cargo_args --target ${ALTERNATOR_LB_RUST_TARGET})
  list(APPEND rustc_args --target ${ALTERNATOR_LB_RUST_TARGET})
  string(APPEND cargo_out /${ALTERNATOR_LB_RUST_TARGET})
endif()
string(APPEND cargo_out /${ALTERNATOR_LB_PROFILE})
string(REGEX REPLACE "/dev$" "/debug" cargo_out "${cargo_out}") # the one profile whose directory has another name

# The system libraries that a Rust static library needs, asked of the compiler with an empty one. libgcc_s and libc are
# left to the C compiler, which adds them in the flavour that the link needs (libgcc_eh with -static).
execute_process(COMMAND ${RUSTC} ${rustc_args} --crate-type=staticlib --print=native-static-libs
                        -o ${CMAKE_CURRENT_BINARY_DIR}/native_libs_probe.a -
                INPUT_FILE /dev/null ERROR_VARIABLE native_libs RESULT_VARIABLE probe_failed)
if(probe_failed OR NOT native_libs MATCHES "native-static-libs: ([^\n]*)")
  message(FATAL_ERROR "rustc does not say which native libraries it needs:\n${native_libs}")
endif()
file(REMOVE ${CMAKE_CURRENT_BINARY_DIR}/native_libs_probe.a)
separate_arguments(ALTERNATOR_LB_NATIVE_LIBS UNIX_COMMAND "${CMAKE_MATCH_1}")
list(REMOVE_ITEM ALTERNATOR_LB_NATIVE_LIBS -lgcc_s -lc)

set(lib_dir ${CMAKE_CURRENT_BINARY_DIR}/lib)
set(so_link libalternator_lb.so)
set(so_name ${so_link}.${ALTERNATOR_LB_ABI_MAJOR})
set(so_file ${so_link}.${PROJECT_VERSION})
set(archive libalternator_lb.a)
file(MAKE_DIRECTORY ${lib_dir})

add_custom_target(alternator_lb_cargo
  COMMAND ${CARGO} ${cargo_args}
  BYPRODUCTS ${cargo_out}/${so_link} ${cargo_out}/${archive}
  COMMENT "cargo build --profile ${ALTERNATOR_LB_PROFILE}" VERBATIM)

add_custom_command(
  OUTPUT ${lib_dir}/${so_file} ${lib_dir}/${so_name} ${lib_dir}/${so_link}
  DEPENDS alternator_lb_cargo ${cargo_out}/${so_link}
  COMMAND ${CMAKE_COMMAND} -E copy ${cargo_out}/${so_link} ${lib_dir}/${so_file}
  COMMAND ${CMAKE_COMMAND} -E create_symlink ${so_file} ${lib_dir}/${so_name}
  COMMAND ${CMAKE_COMMAND} -E create_symlink ${so_name} ${lib_dir}/${so_link}
  VERBATIM)

# The binutils as one set: of what GNU ld has linked, llvm-objcopy makes an object that others cannot read.
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  set(binutils -D NM=${CMAKE_NM} -D LD=${CMAKE_LINKER} -D OBJCOPY=${CMAKE_OBJCOPY} -D AR=${CMAKE_AR})
else()
  set(binutils "")
endif()

add_custom_command(
  OUTPUT ${lib_dir}/${archive}
  DEPENDS ${lib_dir}/${so_file} ${cargo_out}/${archive} ${CMAKE_CURRENT_LIST_DIR}/LocaliseArchive.cmake
  COMMAND ${CMAKE_COMMAND} ${binutils}
          -D SHARED=${lib_dir}/${so_file} -D ARCHIVE=${cargo_out}/${archive} -D OUTPUT=${lib_dir}/${archive}
          -P ${CMAKE_CURRENT_LIST_DIR}/LocaliseArchive.cmake
  COMMENT "Localising ${archive}" VERBATIM)

add_custom_target(alternator_lb_core ALL DEPENDS ${lib_dir}/${so_file} ${lib_dir}/${archive})

add_library(AlternatorLB::shared SHARED IMPORTED GLOBAL)
set_target_properties(AlternatorLB::shared PROPERTIES
  IMPORTED_LOCATION ${lib_dir}/${so_file}
  IMPORTED_SONAME ${so_name}
  INTERFACE_INCLUDE_DIRECTORIES ${CMAKE_CURRENT_SOURCE_DIR}/include)
add_dependencies(AlternatorLB::shared alternator_lb_core)

add_library(AlternatorLB::static STATIC IMPORTED GLOBAL)
set_target_properties(AlternatorLB::static PROPERTIES
  IMPORTED_LOCATION ${lib_dir}/${archive}
  INTERFACE_INCLUDE_DIRECTORIES ${CMAKE_CURRENT_SOURCE_DIR}/include
  INTERFACE_LINK_LIBRARIES "${ALTERNATOR_LB_NATIVE_LIBS}")
add_dependencies(AlternatorLB::static alternator_lb_core)
