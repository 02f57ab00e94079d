# Run after a test program is linked: asks it for its tests and writes a file for ctest, one test a suite. A process a test would start, and read
# its models, longer than it tests; which test of a suite failed stands in the output.
#   cmake -DPROGRAM=... -DPREFIX=core. -DOUT=... -P suites.cmake
execute_process(COMMAND ${PROGRAM} --gtest_list_tests OUTPUT_VARIABLE listed RESULT_VARIABLE status TIMEOUT 60)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${PROGRAM} --gtest_list_tests: ${status}\n${listed}")
endif()
# "Suite.", "Prefix/Suite.", "Suite/0.  # TypeParam = float" begin a line; tests are indented below them.
string(REPLACE ";" "," listed "${listed}")
string(REPLACE "\n" ";" lines "${listed}")
set(text "")
set(count 0)
foreach(line IN LISTS lines)
  if(line MATCHES "^([A-Za-z0-9_/]+)\\.")
    set(suite ${CMAKE_MATCH_1})
    string(APPEND text "add_test([=[${PREFIX}${suite}]=] [=[${PROGRAM}]=] [=[--gtest_filter=${suite}.*]=])\n")
    math(EXPR count "${count} + 1")
  endif()
endforeach()
if(count EQUAL 0)
  message(FATAL_ERROR "${PROGRAM} holds no tests")
endif()
file(WRITE ${OUT} "${text}")
