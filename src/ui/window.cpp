#include "ui/window.hpp"

#include <glad/gl.h>
#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>
#include <backends/imgui_impl_glfw.h>
#include <backends/imgui_impl_opengl3.h>

#include <atomic>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include <utility>

#include "base/translate.hpp"
#include "base/utf8.hpp"
#include "io/atomic_file.hpp"
#include "ui/commands.hpp"
#include "ui/endings.hpp"
#include "ui/faults.hpp"
#include "ui/full_screen.hpp"
#include "ui/imgui_compat.hpp"
#include "ui/imgui_frame.hpp"
#include "ui/input_queue.hpp"
#include "ui/native_window.hpp"
#include "ui/panels.hpp"
#include "ui/preferences.hpp"
#include "ui/state_dump.hpp"
#include "ui/token_search.hpp"

namespace saccade {

namespace {

constexpr auto most_to_wait_for_work = std::chrono::milliseconds(400);
constexpr double longest_wait = 0.024;  // seconds for an answer before a frame is drawn without it

}  // namespace

struct Window::Impl {
    explicit Impl(const WindowOptions& given)
        : options(given),
          native(given.width, given.height, given.preferences),
          imgui(native.handle),
          canvas(fonts, heatmaps),
          runner([] { glfwPostEmptyEvent(); }),
          second_runner([] { glfwPostEmptyEvent(); }),
          untouched_runner([] { glfwPostEmptyEvent(); }),
          second_untouched_runner([] { glfwPostEmptyEvent(); }),
          act(state, runner, second_runner, {&untouched_runner, &second_untouched_runner}) {
        glfwSetWindowUserPointer(native.handle, this);
        take_keyboard();
        clipboard.user = this;
        clipboard.get = [](void* user) { return static_cast<Impl*>(user)->text_to_paste(); };
        clipboard.set = [](void* user, const char* text) { static_cast<Impl*>(user)->copy_text(text); };
        compat::use_clipboard(clipboard);
        glfwSetDropCallback(native.handle, [](GLFWwindow* window, int count, const char** paths) {
            auto* self = static_cast<Impl*>(glfwGetWindowUserPointer(window));
            for (int i = 0; i < count; ++i) self->act.files().open(paths[i]);
        });
        if (options.preferences) preferences.read(state.view, state.recent, state.screen_scale = native.scale());
        if (options.preferences) {
            act.recovery().start();
            act.training().keep_at([this](const std::string& exhibit) { return act.recovery().training_path(exhibit); });
        }
        if (options.preferences) act.set_language(state.view.window_language);
        if (tells_texts) fonts.tell(&texts_drawn);
        const bool first = options.first_scene || (options.preferences && preferences.first_start());
        const bool shown = first && options.file.empty() && act.tour().open_first_scene();
        shown ? preferences.note_first_scene() : act.choose_exhibit(exhibits().front().id);
        if (!options.file.empty()) act.files().open(options.file);
    }

    /// Our callbacks stand before ImGui's own two, which they call in the end.
    void take_keyboard() {
        if constexpr (compat::queues_input) {
            glfwSetCharCallback(native.handle, [](GLFWwindow* window, unsigned code_point) {
                static_cast<Impl*>(glfwGetWindowUserPointer(window))->type(code_point);
            });
            return;
        }
        glfwSetKeyCallback(native.handle, [](GLFWwindow* window, int key, int scancode, int action, int mods) {
            static_cast<Impl*>(glfwGetWindowUserPointer(window))->input.push({false, key, scancode, action, mods, 0});
        });
        glfwSetCharCallback(native.handle, [](GLFWwindow* window, unsigned code_point) {
            static_cast<Impl*>(glfwGetWindowUserPointer(window))->input.push({true, 0, 0, 0, 0, code_point});
        });
    }

    /// A character, as ImGui can hold it.
    void type(unsigned code_point) {
        const char32_t shown = fonts.stand_ins().typed(code_point);
        if (shown != code_point) fonts.need(encode_utf8(shown));
        ImGui_ImplGlfw_CharCallback(native.handle, static_cast<unsigned>(shown));
    }

    /// A field gets what it can hold; whoever else asks, the text itself.
    const char* text_to_paste() {
        const char* text = glfwGetClipboardString(native.handle);
        if (text == nullptr || !ImGui::GetIO().WantTextInput) return text;
        clipboard_text = fonts.stand_ins().in_field(text);
        fonts.need(clipboard_text);
        return clipboard_text.c_str();
    }
    void copy_text(const char* text) {
        const std::string copied = ImGui::GetIO().WantTextInput ? fonts.stand_ins().meant(text) : text;
        glfwSetClipboardString(native.handle, copied.c_str());
    }

    void upload_fonts() {
        int width = 0, height = 0;
        glfwGetWindowSize(native.handle, &width, &height);
        if (!fonts.update(static_cast<float>(shown_scale(state, width, height)))) return;
        compat::upload_fonts();
        settle = 2;
    }

    /// Present fills a screen while it is on, where there is one.
    void follow_present() {
        Presentation& present = state.present;
        if (full_screen.lost()) present.note = tr("The screen is gone: Present goes on in this window");
        if (present.on != presenting) {
            presenting = present.on;
            if (presenting)
                present.note = full_screen.enter();
            else
                full_screen.leave();
            settle = 3;
        }
        present.full = full_screen.fills();
    }

    void feed_keyboard() {
        const std::vector<InputEvent> events = input.take();
        for (const InputEvent& event : events) {
            if (event.is_character)
                type(event.code_point);
            else
                ImGui_ImplGlfw_KeyCallback(native.handle, event.key, event.scancode, event.action, event.mods);
        }
        if (!events.empty() || !input.empty()) settle = 3;
    }

    /// Something moves by itself.
    bool animated() const {
        return state.document.stage.playing || state.slow.playing ||
               (state.document.training.run && state.document.training.run->state() == Training::State::running);
    }

    void new_frame() {
        ImGui_ImplOpenGL3_NewFrame();
        ImGui_ImplGlfw_NewFrame();
        ImGuiIO& io = ImGui::GetIO();
        if (state.present.on &&
            state.present.pointer_rests(static_cast<double>(io.MousePos.x), static_cast<double>(io.MousePos.y),
                                        compat::mouse_down(), glfwGetTime()))
            compat::forget_pointer();
        ImGui::NewFrame();
        if (heard()) settle = 3;
    }

    /// Did anything reach this frame? What comes while the last frame before the window sleeps is begun needs frames of its
    /// own: a menu that a click opens is laid out in its first and shown from its second on.
    bool heard() {
        const ImGuiIO& io = ImGui::GetIO();
        const bool resized = io.DisplaySize.x != seen_size.x || io.DisplaySize.y != seen_size.y;
        seen_size = io.DisplaySize;
        if (resized || io.MouseDelta.x != 0 || io.MouseDelta.y != 0 || io.MouseWheel != 0 || io.MouseWheelH != 0) return true;
        for (int button = 0; button < ImGuiMouseButton_COUNT; ++button)
            if (ImGui::IsMouseClicked(button) || ImGui::IsMouseReleased(button)) return true;
        return !io.InputQueueCharacters.empty() || compat::key_changed();
    }

    /// Does another page lie over all of the window?
    bool covered() const { return state.desk.open || state.exhibit_page.open; }

    void draw_panels() {
        const Theme& colors = theme(state.view.theme);
        const Ui ui{colors, fonts, canvas, grounds, tabs, fonts.scale()};
        grounds.areas.clear();
        texts_drawn.boxes.clear();
        const ImVec2 size = ImGui::GetIO().DisplaySize;
        apply_style(colors, ui.s);
        ImGui::SetNextWindowPos({0, 0});
        ImGui::SetNextWindowSize(size);
        ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, 0.0f);
        ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0));
        ImGui::Begin("saccade", nullptr,
                     ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoBackground | ImGuiWindowFlags_NoMove |
                         ImGuiWindowFlags_NoBringToFrontOnFocus | ImGuiWindowFlags_NoSavedSettings |
                         ImGuiWindowFlags_NoNavInputs | (covered() ? ImGuiWindowFlags_NoInputs : 0));
        ImGui::PopStyleVar(2);
        Layout layout = layout_window(size.x, size.y, ui.s, state.inspector_drawer);
        state.inspector_seen = layout.inspector.size.x > 0;
        if (!ImGui::IsMouseDown(0)) {
            act.hand().end_weight_drag();
            act.hand().end_place_drag();
            act.hand().end_mask_stroke();
            act.scenes().release();
            // Where it was let go, which may be further than the last frame saw it.
            const ImVec2 mouse = ImGui::GetIO().MousePos;
            act.part().drag({static_cast<double>(mouse.x), static_cast<double>(mouse.y)});
            act.part().release();
        }
        state.reload_now = std::exchange(state.document.reload_fields, false);
        const bool escape = compat::key_pressed(ImGuiKey_Escape, false);
        state.focus.clear();
        state.lesson.editing.has_focus = false;
        state.escape = escape ? top_layer(state, state.menu_open, ImGui::GetIO().WantTextInput) : Layer::none;
        tabs.begin_frame(state.document.matrix.param.empty() || ImGui::GetIO().WantTextInput, !state.present.on);
        if (state.escape == Layer::tour) act.tour().leave();
        if (state.escape == Layer::search) close_search(state);
        if (state.escape == Layer::drawing) act.hand().stop_mask_drawing();
        if (state.escape == Layer::alone) act.stage().enlarge({});
        if (state.escape == Layer::presenting)
            state.slow.on() && !state.present.spotlight ? state.slow.end() : state.present.escape();
        if (state.present.on) {
            present(ui, state, act);
        } else if (!covered()) {
            const Rect band = take_first_scene(ui, layout);
            act.lesson().covered() ? question_stage(ui, state, act, layout.stage) : stage(ui, state, act, layout);
            if (band.size.y > 0) first_scene_band(ui, state, act, band);
            gallery(ui, state, act, layout);
            inspector(ui, state, act, layout);
            top_bar(ui, state, act, layout);
            status_bar(ui, state, layout);
        }
        if (options.in_each_frame) options.in_each_frame();
        ImGui::End();
        state.button_focused = tabs.any_focused();
        state.focus_place = tabs.place();
        state.arrows_taken = tabs.arrows_taken();
        if (tabs.presses_wait()) settle = 3;
        run_keys(state, act);
        tour(ui, state, act, layout);
        dialogs(ui, state, act);
        state.menu_open = ImGui::IsPopupOpen("", ImGuiPopupFlags_AnyPopup);
    }

    nlohmann::json boxes_drawn() const {
        nlohmann::json all = nlohmann::json::array();
        for (const FontAtlas::Heard::Box& one : texts_drawn.boxes)
            all.push_back({{"text", one.text},
                           {"box", one.box},
                           {"clip", one.clip},
                           {"layer", one.layer},
                           {"scrolls", one.scrolls},
                           {"of_figure", one.of_figure}});
        return all;
    }

    /// Its place, which the stage gives up; empty: it is not shown.
    Rect take_first_scene(const Ui& ui, Layout& layout) const {
        Rect& stage = layout.stage;
        const float height = first_scene_height(ui, state, act, stage.size.x);
        stage.size.y -= height;
        return {{stage.at.x, stage.at.y + stage.size.y}, {stage.size.x, height}};
    }

    void dump_state() {
        if (options.state_file.empty()) return;
        nlohmann::json shown = state_dump(state, act);
        // A frame in which the language was switched holds both.
        if (std::exchange(drawn_in, state.view.window_language) != state.view.window_language) texts_drawn = {};
        if (tells_texts) shown["drawn"] = {{"all", texts_drawn.drawn}, {"cut", texts_drawn.cut}, {"boxes", boxes_drawn()}};
        texts_drawn = {};
        shown["settled"] = settle == 0;  // nothing on screen will move by itself: a place is where a click finds it
        std::string text = shown.dump();
        if (text == dumped) return;
        write_file(options.state_file, text, Durable::no);
        dumped = std::move(text);
    }

    WindowOptions options;
    Glfw glfw;
    NativeWindow native;
    ImGuiContextOwner imgui;
    FontAtlas fonts;
    HeatmapRenderer heatmaps;
    FigureCanvas canvas;
    Grounds grounds;
    TabRing tabs;
    AppState state;
    Runner runner, second_runner, untouched_runner, second_untouched_runner;
    Controller act;
    Faults faults{state, act};
    InputQueue input;
    FullScreen full_screen{native.handle};
    bool presenting = false;  // the window has followed that far
    compat::Clipboard clipboard;
    std::string clipboard_text;
    Preferences preferences;
    std::string dumped;
    /// Tests of languages read what is drawn.
    const bool tells_texts = std::getenv("SACCADE_UI_TEXTS") != nullptr;
    FontAtlas::Heard texts_drawn;
    std::string drawn_in;
    double last_time = 0, asked_at = -1;
    int drawn_since_asked = 0;  // frames since a panel last asked for a run
    int settle = 3;             // frames still to be drawn without an event: hover and layout follow one frame later
    ImVec2 seen_size{0, 0};     // of the window in the frame before
};

Window::Window(const WindowOptions& options) : impl_(std::make_unique<Impl>(options)) {}
Window::~Window() = default;

bool Window::frame() {
    try {
        const bool answered = draw_frame();
        impl_->faults.over();
        return answered;
    } catch (...) {
        abandon_frame();
        impl_->canvas.end_frame();
        impl_->faults.meet();
        impl_->settle = 3;
        return false;
    }
}

bool Window::draw_frame() {
    Impl& w = *impl_;
    // Between the first frame after a keystroke and the answer to it nothing changes on screen: to draw it again would only
    // take the processor from the engine. And that first frame is not drawn, either, where the answer comes soon.
    const double left = w.asked_at + longest_wait - glfwGetTime();
    if (w.state.document.running() && w.input.empty() && (w.drawn_since_asked > 0 || left > 0))
        glfwWaitEventsTimeout(w.drawn_since_asked == 0 ? left : w.animated() ? 1.0 / 60 : 0.1);
    else
        glfwPollEvents();
    w.feed_keyboard();
    const double start = glfwGetTime();
    const bool fresh = w.act.poll();
    w.act.training().poll();
    w.act.pictures().poll();
    w.act.stage().advance(w.last_time > 0 ? start - w.last_time : 0);
    w.last_time = start;
    const bool answered = !w.state.document.running();
    w.follow_present();
    if (w.options.preferences) w.preferences.follow_screen(w.state.view, w.state.screen_scale, w.native.scale());
    w.upload_fonts();
    w.new_frame();
    const std::uint64_t before = w.act.runs().asked();
    const CellRef lit = w.state.document.stage.hovered.cell;
    w.draw_panels();
    if (w.act.runs().asked() != before && w.drawn_since_asked > 0) {
        w.asked_at = glfwGetTime();
        w.drawn_since_asked = 0;
    }
    if (w.state.document.running() && !fresh && w.drawn_since_asked == 0 && glfwGetTime() < w.asked_at + longest_wait) {
        // The inputs have changed, so this frame would show what is about to be replaced. The answer mostly takes a few
        // milliseconds: the next frame sleeps for it, awake for every event, and it is drawn once instead of twice. An answer
        // that has just come is drawn: while something is dragged there is always another change.
        ImGui::EndFrame();
        w.settle = 3;
        return false;
    }
    ++w.drawn_since_asked;
    if (!(w.state.document.stage.hovered.cell == lit) && fresh) {
        w.settle = std::max(w.settle, 1);  // as below, but in a frame of its own: this one has a new picture to take in
    } else if (!(w.state.document.stage.hovered.cell == lit)) {
        // What is under the mouse was found out while the picture was made. To lay it out once more takes a fraction of what it
        // takes to paint what was lit before.
        ImGui::EndFrame();
        w.new_frame();
        w.draw_panels();
    }
    ImGui::Render();
    int width = 0, height = 0;
    glfwGetFramebufferSize(w.native.handle, &width, &height);
    glViewport(0, 0, width, height);
    w.grounds.clear_all(height);
    ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
    w.canvas.end_frame();
    w.state.frame_ms = w.state.frame_ms * 0.9 + (glfwGetTime() - start) * 1000 * 0.1;
    glfwSwapBuffers(w.native.handle);
    w.dump_state();
    if (w.options.preferences) w.preferences.keep(w.state.view, w.state.recent);
    return answered;
}

void Window::wait() {
    Impl& w = *impl_;
    w.act.recovery().keep();
    const bool waiting = w.state.document.running() || w.state.document.pictures.reading.facts.valid() ||
                         w.act.files().opening() || w.act.desk().busy() || w.act.exhibit_pictures().busy();
    if (w.settle > 0) {
        --w.settle;
        return;
    }
    // An animation or a training asks for frames; otherwise the window sleeps until something happens.
    const double slept_at = glfwGetTime();
    if (w.animated()) {
        glfwWaitEventsTimeout(1.0 / 60);
    } else {
        glfwWaitEventsTimeout(waiting ? 0.05 : 0.5);
        if (glfwGetTime() - slept_at < 0.49 || waiting) w.settle = 3;
    }
}

bool Window::closing() const {
    if (glfwWindowShouldClose(impl_->native.handle) != 0) {
        glfwSetWindowShouldClose(impl_->native.handle, GLFW_FALSE);
        impl_->act.quit();
    }
    return impl_->state.quit;
}
bool Window::end_work() {
    Impl& w = *impl_;
    const auto deadline = std::chrono::steady_clock::now() + most_to_wait_for_work;
    w.act.end_work();
    bool ended = true;
    for (Runner* runner : {&w.runner, &w.second_runner, &w.untouched_runner, &w.second_untouched_runner})
        ended = runner->end_by(deadline) && ended;
    while (!w.act.work_ended() && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return ended && w.act.work_ended();
}

AppState& Window::state() {
    return impl_->state;
}
Controller& Window::controller() {
    return impl_->act;
}
GLFWwindow* Window::handle() {
    return impl_->native.handle;
}
void Window::finish() {
    glFinish();
}

int run_window(const WindowOptions& given) {
    WindowOptions options = given;
    options.preferences = true;
    // Tests drive the program as a person would and read here what it shows.
    if (const char* file = std::getenv("SACCADE_UI_STATE"); file != nullptr && options.state_file.empty())
        options.state_file = file;
    std::atomic<Recovery*> recovery = nullptr;
    const EndingSignals signals([] { glfwPostEmptyEvent(); },
                                [&recovery] {
                                    if (Recovery* known = recovery) known->flush();
                                });
    Window window(options);
    recovery = &window.controller().recovery();
    const auto keep_all = [&window] {
        window.controller().recovery().keep_now();
        window.controller().training().keep_all_now(window.state());
    };
    const LostDisplay lost(keep_all);
    while (!window.closing() && signals.received() == 0) {
        window.frame();
        window.wait();
    }
    const int signal = signals.received();
    signal == 0 ? window.controller().recovery().finish() : keep_all();
    recovery = nullptr;
    const int status = signal == 0 ? 0 : 128 + signal;
    // What is stuck, in a disk that does not answer or a long step of a training, is left: all that is kept has been written.
    if (!window.end_work()) std::_Exit(status);
    return status;
}

}  // namespace saccade
