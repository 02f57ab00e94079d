"""Drops files on a window as a file manager does: the source's side of XDND (freedesktop.org, version 5), through libX11."""

import ctypes
import time
import urllib.parse
from ctypes import POINTER, byref, c_char_p, c_int, c_long, c_ubyte, c_uint, c_ulong, c_void_p

VERSION = 5
CLIENT_MESSAGE, SELECTION_NOTIFY, SELECTION_REQUEST = 33, 31, 30
REPLACE, CURRENT_TIME = 0, 0  # PropModeReplace, CurrentTime


class Event(ctypes.Union):
    class _Head(ctypes.Structure):
        _fields_ = [("type", c_int), ("serial", c_ulong), ("send_event", c_int), ("display", c_void_p), ("window", c_ulong)]

    class _Message(ctypes.Structure):
        _fields_ = [("type", c_int), ("serial", c_ulong), ("send_event", c_int), ("display", c_void_p), ("window", c_ulong),
                    ("message_type", c_ulong), ("format", c_int), ("data", c_long * 5)]

    class _Request(ctypes.Structure):
        _fields_ = [("type", c_int), ("serial", c_ulong), ("send_event", c_int), ("display", c_void_p), ("owner", c_ulong),
                    ("requestor", c_ulong), ("selection", c_ulong), ("target", c_ulong), ("property", c_ulong), ("time", c_ulong)]

    class _Notify(ctypes.Structure):
        _fields_ = [("type", c_int), ("serial", c_ulong), ("send_event", c_int), ("display", c_void_p), ("requestor", c_ulong),
                    ("selection", c_ulong), ("target", c_ulong), ("property", c_ulong), ("time", c_ulong)]

    _fields_ = [("head", _Head), ("message", _Message), ("request", _Request), ("notify", _Notify), ("size", c_long * 24)]


def _library():
    x = ctypes.CDLL("libX11.so.6")
    for name, result, arguments in (
            ("XOpenDisplay", c_void_p, [c_char_p]), ("XCloseDisplay", c_int, [c_void_p]),
            ("XDefaultRootWindow", c_ulong, [c_void_p]), ("XInternAtom", c_ulong, [c_void_p, c_char_p, c_int]),
            ("XCreateSimpleWindow", c_ulong, [c_void_p, c_ulong, c_int, c_int, c_uint, c_uint, c_uint, c_ulong, c_ulong]),
            ("XSetSelectionOwner", c_int, [c_void_p, c_ulong, c_ulong, c_ulong]),
            ("XSendEvent", c_int, [c_void_p, c_ulong, c_int, c_long, POINTER(Event)]),
            ("XPending", c_int, [c_void_p]), ("XNextEvent", c_int, [c_void_p, POINTER(Event)]),
            ("XFlush", c_int, [c_void_p]),
            ("XChangeProperty", c_int, [c_void_p, c_ulong, c_ulong, c_ulong, c_int, c_int, POINTER(c_ubyte), c_int])):
        function = getattr(x, name)
        function.restype, function.argtypes = result, arguments
    return x


def drop(window, paths, x, y, patience=30):
    """Drops the files on the X window at (x, y) of the screen; returns when it says that it has taken them."""
    lib = _library()
    display = lib.XOpenDisplay(None)
    assert display, "there is no X display"
    atom = {name: lib.XInternAtom(display, name.encode(), 0) for name in
            ("XdndEnter", "XdndPosition", "XdndStatus", "XdndDrop", "XdndFinished", "XdndSelection", "XdndActionCopy", "text/uri-list")}
    source = lib.XCreateSimpleWindow(display, lib.XDefaultRootWindow(display), 0, 0, 1, 1, 0, 0, 0)
    lib.XSetSelectionOwner(display, atom["XdndSelection"], source, CURRENT_TIME)
    uris = "".join("file://" + urllib.parse.quote(path) + "\r\n" for path in paths).encode()

    def send(kind, *data):
        event = Event()
        event.message.type, event.message.window, event.message.format = CLIENT_MESSAGE, window, 32
        event.message.message_type = atom[kind]
        event.message.data[:] = [source, *data, *[0] * (4 - len(data))]
        lib.XSendEvent(display, window, 0, 0, byref(event))
        lib.XFlush(display)

    def answer(request):
        content = (c_ubyte * len(uris)).from_buffer_copy(uris)
        lib.XChangeProperty(display, request.requestor, request.property, request.target, 8, REPLACE, content, len(uris))
        event = Event()
        event.notify.type, event.notify.requestor, event.notify.selection = SELECTION_NOTIFY, request.requestor, request.selection
        event.notify.target, event.notify.property, event.notify.time = request.target, request.property, request.time
        lib.XSendEvent(display, request.requestor, 0, 0, byref(event))
        lib.XFlush(display)

    def wait_for(kind):
        """Its message, with what it asks for meanwhile answered."""
        event, deadline = Event(), time.monotonic() + patience
        while time.monotonic() < deadline:
            while lib.XPending(display):
                lib.XNextEvent(display, byref(event))
                if event.head.type == SELECTION_REQUEST:
                    answer(event.request)
                elif event.head.type == CLIENT_MESSAGE and event.message.message_type == atom[kind]:
                    return list(event.message.data)
            time.sleep(0.01)
        raise AssertionError(f"the window sent no {kind}")

    try:
        send("XdndEnter", VERSION << 24, atom["text/uri-list"])
        send("XdndPosition", 0, round(x) << 16 | round(y), CURRENT_TIME, atom["XdndActionCopy"])
        assert wait_for("XdndStatus")[1] & 1, "the window takes no drop there"
        send("XdndDrop", 0, CURRENT_TIME)
        assert wait_for("XdndFinished")[1] != 0, "the window did not take the drop"
    finally:
        lib.XCloseDisplay(display)


def set_resources(text):
    """The X resources of the display ("Xft.dpi: 192"), as desktops set them; empty: none."""
    lib = _library()
    display = lib.XOpenDisplay(None)
    assert display, "there is no X display"
    data = text.encode()
    lib.XChangeProperty(display, lib.XDefaultRootWindow(display), lib.XInternAtom(display, b"RESOURCE_MANAGER", 0),
                        lib.XInternAtom(display, b"STRING", 0), 8, REPLACE, (c_ubyte * len(data))(*data), len(data))
    lib.XFlush(display)
    lib.XCloseDisplay(display)
