"""Keys, mouse and sizes as an X server hands them out, through libXtst: a thousand of them take no thousand processes."""

import ctypes
from ctypes import c_char_p, c_int, c_uint, c_ulong, c_void_p


class Hand:
    def __init__(self):
        self.x, self.test = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libXtst.so.6")
        self.x.XOpenDisplay.restype, self.x.XOpenDisplay.argtypes = c_void_p, [c_char_p]
        self.x.XStringToKeysym.restype, self.x.XStringToKeysym.argtypes = c_ulong, [c_char_p]
        self.x.XKeysymToKeycode.restype, self.x.XKeysymToKeycode.argtypes = ctypes.c_ubyte, [c_void_p, c_ulong]
        self.x.XResizeWindow.argtypes = [c_void_p, c_ulong, c_uint, c_uint]
        self.x.XSync.argtypes, self.x.XCloseDisplay.argtypes = [c_void_p, c_int], [c_void_p]
        self.test.XTestFakeKeyEvent.argtypes = [c_void_p, c_uint, c_int, c_ulong]
        self.test.XTestFakeButtonEvent.argtypes = [c_void_p, c_uint, c_int, c_ulong]
        self.test.XTestFakeMotionEvent.argtypes = [c_void_p, c_int, c_int, c_int, c_ulong]
        self.display = self.x.XOpenDisplay(None)
        assert self.display, "there is no X display"

    def sync(self):
        self.x.XSync(self.display, 0)

    def _code(self, name):
        return self.x.XKeysymToKeycode(self.display, self.x.XStringToKeysym(name.encode()))

    def key(self, chord):
        """"ctrl+shift+z", by the names that X has for keys."""
        names = {"ctrl": "Control_L", "shift": "Shift_L", "alt": "Alt_L"}
        codes = [self._code(names.get(name, name)) for name in chord.split("+")]
        for code in codes:
            self.test.XTestFakeKeyEvent(self.display, code, 1, 0)
        for code in reversed(codes):
            self.test.XTestFakeKeyEvent(self.display, code, 0, 0)
        self.sync()

    def type(self, text):
        names = {" ": "space", ".": "period", "-": "minus", "/": "slash", ",": "comma"}
        for character in text:
            self.key(names.get(character, character))

    def move(self, x, y):
        self.test.XTestFakeMotionEvent(self.display, -1, int(x), int(y), 0)
        self.sync()

    def button(self, which, down):
        self.test.XTestFakeButtonEvent(self.display, which, int(down), 0)
        self.sync()

    def click(self, x, y, which=1):
        self.move(x, y)
        self.button(which, True)
        self.button(which, False)

    def resize(self, window, width, height):
        self.x.XResizeWindow(self.display, window, width, height)
        self.sync()

    def close(self):
        self.x.XCloseDisplay(self.display)
