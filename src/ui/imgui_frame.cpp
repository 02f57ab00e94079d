#include "ui/imgui_frame.hpp"

#include <imgui.h>
#include <imgui_internal.h>

#include <utility>

namespace saccade {

void abandon_frame() {
    ImGuiContext& g = *ImGui::GetCurrentContext();
    if (!g.WithinFrameScope) return;
#if IMGUI_VERSION_NUM >= 19130
    // EndFrame closes all by itself, and would tell the programmer of it.
    const bool asserts = std::exchange(g.IO.ConfigErrorRecoveryEnableAssert, false);
    ImGui::EndFrame();
    g.IO.ConfigErrorRecoveryEnableAssert = asserts;
#else
    g.FontStack.resize(0);  // the next frame begins with the first font
    ImGui::ErrorCheckEndFrameRecover(nullptr);
    ImGui::EndFrame();
#endif
}

}  // namespace saccade
