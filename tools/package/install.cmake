# What `cmake --install` puts where, and the Debian package that CPack makes of it. `./dev package` does both.
include(GNUInstallDirs)

install(TARGETS saccade RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
# Where the program is a library, the loader of glibc >= 2.33 takes that of the highest level that the machine has.
if(SACCADE_SHARED)
  set(libraries ${CMAKE_INSTALL_LIBDIR}/saccade)
  set_target_properties(saccade PROPERTIES INSTALL_RPATH "$ORIGIN/../${libraries}")
  if(SACCADE_LEVEL)
    string(APPEND libraries /glibc-hwcaps/${SACCADE_LEVEL})
  endif()
  install(TARGETS saccade_program LIBRARY DESTINATION ${libraries} COMPONENT library NAMELINK_SKIP)
endif()
install(DIRECTORY assets/models assets/captures assets/lessons DESTINATION ${CMAKE_INSTALL_DATADIR}/saccade/assets)
install(FILES ${compiled_catalogues} assets/translations/pinyin.txt DESTINATION ${CMAKE_INSTALL_DATADIR}/saccade/assets/translations)
install(FILES tools/saccade_capture.py DESTINATION ${CMAKE_INSTALL_DATADIR}/saccade)
install(FILES tools/package/saccade.desktop DESTINATION ${CMAKE_INSTALL_DATADIR}/applications)
install(FILES tools/package/saccade.svg DESTINATION ${CMAKE_INSTALL_DATADIR}/icons/hicolor/scalable/apps)
install(FILES tools/package/saccade.xml DESTINATION ${CMAKE_INSTALL_DATADIR}/mime/packages)
install(FILES README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES tools/package/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR})

# The program itself says what its command line is. Made when installed, from what is installed.
foreach(form IN ITEMS man bash zsh fish)
  set(man ${CMAKE_INSTALL_MANDIR}/man1/saccade.1)
  set(bash ${CMAKE_INSTALL_DATADIR}/bash-completion/completions/saccade)
  set(zsh ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions/_saccade)
  set(fish ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d/saccade.fish)
  install(CODE "
    set(file \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${${form}}\")
    get_filename_component(folder \"\${file}\" DIRECTORY)
    file(MAKE_DIRECTORY \"\${folder}\")
    execute_process(COMMAND \"\$<TARGET_FILE:saccade>\" manual ${form} OUTPUT_FILE \"\${file}\" COMMAND_ERROR_IS_FATAL ANY)
    if(\"${form}\" STREQUAL man)
      execute_process(COMMAND gzip -9nf \"\${file}\" COMMAND_ERROR_IS_FATAL ANY)
    endif()")
endforeach()

install(CODE "
  set(file \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DOCDIR}/changelog.gz\")
  execute_process(COMMAND gzip -9nc \"${CMAKE_SOURCE_DIR}/tools/package/changelog\" OUTPUT_FILE \"\${file}\" COMMAND_ERROR_IS_FATAL ANY)")

set(CPACK_GENERATOR DEB TGZ)
set(CPACK_PACKAGE_NAME saccade)
set(CPACK_PACKAGE_CONTACT "The Saccade authors <authors@saccade.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "see and touch attention")
set(CPACK_PACKAGE_DESCRIPTION "A person types a text or opens a picture; a full attention engine
computes in the program, on the CPU, and every weight, score, map and gate
is drawn, explained down to its numbers, changed by hand, compared, and
exported as a figure. With trained models.")
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "fonts-noto-core, fonts-noto-mono, fonts-wqy-microhei | fonts-noto-cjk")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "libgl1-mesa-dri")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "xclip | wl-clipboard, zenity | kdialog")  # pictures in the clipboard, file dialogs
include(CPack)
