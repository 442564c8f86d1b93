# cmake -DSIM=... -DSOURCE=... -DMINUTES=... -P fresh_seeds.cmake
# Runs seeds that are new in each commit: the first seed is the first eight hex digits of the
# commit's id, or 1 without git.
execute_process(COMMAND git rev-parse --short=8 HEAD WORKING_DIRECTORY ${SOURCE}
    OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE status)
set(seed 1)
if(status EQUAL 0)
    string(SUBSTRING ${commit} 0 8 digits)
    math(EXPR seed "0x${digits}")
endif()
execute_process(COMMAND ${SIM} --minutes ${MINUTES} --first-seed ${seed}
    COMMAND_ERROR_IS_FATAL ANY)
