# What every target of the project shares: warnings, hardening, sanitizers, and the two ways to
# declare a target: hw_library (one per folder) and hw_test (one executable per folder).

set(HW_SANITIZE "" CACHE STRING "Sanitizers to build with, for example address,undefined")
option(HW_VERIFY_HEADERS "Compile every public header alone" OFF)

add_library(hw_options INTERFACE)
target_compile_options(hw_options INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
    -Wold-style-cast -Wcast-align -Wimplicit-fallthrough -Werror
    -fstack-protector-strong -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    target_compile_options(hw_options INTERFACE -Wno-gnu-zero-variadic-macro-arguments)
    add_link_options(-fuse-ld=lld-19)
    if(NOT HW_SANITIZE)
        # The linker drops unused functions and merges equal ones, which saves resident memory.
        add_compile_options(-ffunction-sections -fdata-sections)
        add_link_options(-Wl,--gc-sections -Wl,--icf=safe)
    endif()
endif()
if(HW_SANITIZE)
    add_compile_options(-fsanitize=${HW_SANITIZE} -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${HW_SANITIZE})
else()
    add_compile_definitions(_GLIBCXX_ASSERTIONS)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Debug" AND HW_SANITIZE)
    add_compile_options(-O1)
endif()
target_include_directories(hw_options INTERFACE
    ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/generated)
# Asio's functions are compiled once, in broker/runtime/asio_separate.cpp. Boost.System is used
# without its library.
target_compile_definitions(hw_options INTERFACE
    BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_SEPARATE_COMPILATION BOOST_ERROR_CODE_HEADER_ONLY)

# Third-party headers that most files include, compiled once: processing them for each file was two
# thirds of a build. Headers of the project are not among them, so changing one recompiles no more
# than before. `tools/cmake/launch` lets ccache serve other clones.
option(HW_PRECOMPILE "Compile common headers of libraries once" ON)

# hw_precompiled(NAME MODE HEADERS...)
# A target whose precompiled HEADERS other targets reuse. MODE is -fPIC for libraries, -fPIE for
# executables: the compiler refuses a header of the other mode.
function(hw_precompiled name mode)
    set(source ${PROJECT_BINARY_DIR}/generated/${name}.cpp)
    file(CONFIGURE OUTPUT ${source} CONTENT "// Nothing but the precompiled header.\n")
    add_library(${name} OBJECT ${source})
    target_link_libraries(${name} PRIVATE hw_options Boost::headers fmt::fmt Threads::Threads)
    target_precompile_headers(${name} PRIVATE ${ARGN})
    target_compile_options(${name} PRIVATE ${mode} -Xclang -fno-pch-timestamp)
endfunction()

# hw_library(NAME FILES... [DEPENDS TARGETS...])
# One static library for the calling folder. Every .h among FILES is public and, with
# HW_VERIFY_HEADERS, compiled alone.
function(hw_library name)
    cmake_parse_arguments(ARG "" "" "FILES;DEPENDS" ${ARGN})
    set(headers ${ARG_FILES})
    list(FILTER headers INCLUDE REGEX "\\.h$")
    add_library(${name} STATIC ${ARG_FILES})
    target_sources(${name} PUBLIC FILE_SET HEADERS
        BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${headers})
    set_target_properties(${name} PROPERTIES
        LINKER_LANGUAGE CXX
        VERIFY_INTERFACE_HEADER_SETS ${HW_VERIFY_HEADERS})
    target_link_libraries(${name} PUBLIC hw_options ${ARG_DEPENDS})
    if(HW_PRECOMPILE)
        target_precompile_headers(${name} REUSE_FROM hw_precompiled_headers)
    endif()
endfunction()

# hw_test(NAME FILES... [DEPENDS TARGETS...] [LABELS LABELS...])
# One Catch2 executable, run as one ctest test; a failing run prints the seed it used.
function(hw_test name)
    cmake_parse_arguments(ARG "" "TIMEOUT" "FILES;DEPENDS;LABELS" ${ARGN})
    if(NOT ARG_TIMEOUT)
        set(ARG_TIMEOUT 120)
    endif()
    add_executable(${name} ${ARG_FILES})
    target_link_libraries(${name} PRIVATE hw_test_main ${ARG_DEPENDS})
    if(HW_PRECOMPILE)
        target_precompile_headers(${name} REUSE_FROM hw_precompiled_test_headers)
    endif()
    add_test(NAME ${name} COMMAND ${name} --order lex --durations no)
    set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}")
endfunction()
