#pragma once

#include <imgui.h>

// Fields over std::string: Debian installs the header beside imgui.h, upstream has it in misc/cpp.
#if __has_include(<imgui_stdlib.h>)
#include <imgui_stdlib.h>
#else
#include <misc/cpp/imgui_stdlib.h>
#endif
