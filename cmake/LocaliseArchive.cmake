# Makes a static library of one object in which only alb_* is global.
#
#   cmake -D SHARED=<.so> -D ARCHIVE=<cargo's .a> -D OUTPUT=<.a> [-D LD= -D NM= -D OBJCOPY= -D AR=] -P LocaliseArchive.cmake
#
# cargo's archive holds the whole Rust standard library, some 20 MB with thousands of global symbols: it clashes with a
# second Rust archive in the same program, and is too large to ship. What the shared library exports is the public list.

foreach(tool IN ITEMS NM:nm LD:ld OBJCOPY:objcopy AR:ar)
  string(REPLACE ":" ";" tool "${tool}")
  list(GET tool 0 variable)
  list(GET tool 1 program)
  if(NOT ${variable})
    set(${variable} ${program})
  endif()
endforeach()
foreach(required IN ITEMS SHARED ARCHIVE OUTPUT)
  if(NOT ${required})
    message(FATAL_ERROR "LocaliseArchive.cmake: -D ${required}= is missing")
  endif()
endforeach()

execute_process(COMMAND ${NM} -D --defined-only --format=posix ${SHARED} OUTPUT_VARIABLE listing RESULT_VARIABLE failed)
string(REGEX MATCHALL "(^|\n)alb_[a-z0-9_]+ T" exports "${listing}")
list(TRANSFORM exports REPLACE "\n?(alb_[a-z0-9_]+) T" "\\1")
if(failed OR NOT exports)
  message(FATAL_ERROR "LocaliseArchive.cmake: ${SHARED} exports no alb_ function")
endif()

set(object ${OUTPUT}.o)
list(JOIN exports "\n" keep)
file(WRITE ${OUTPUT}.exports "${keep}\n")
list(TRANSFORM exports PREPEND "--undefined=" OUTPUT_VARIABLE roots)

function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE failed)
  if(failed)
    list(JOIN ARGV " " command)
    message(FATAL_ERROR "failed: ${command}")
  endif()
endfunction()

file(REMOVE ${OUTPUT})
run(${LD} -r --gc-sections ${roots} -o ${object} ${ARCHIVE})
# ar refuses objects with LLVM bitcode sections in them, which some rustc builds embed.
run(${OBJCOPY} --keep-global-symbols=${OUTPUT}.exports -R .llvmbc -R .llvmcmd ${object})
run(${OBJCOPY} --strip-unneeded ${object}) # only now: symbols that are still global would stay
run(${AR} crs ${OUTPUT} ${object})
file(REMOVE ${object} ${OUTPUT}.exports)
