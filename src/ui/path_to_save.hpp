#pragma once

#include <string>

#include "ui/document.hpp"

namespace saccade {

/// What was typed where something is saved, as the path that is then written; asks first, if a file is there: Error the first
/// time, and again if it is another by then. `may_replace`: what was asked about; `own`: what was opened or saved here, and may
/// be saved again unless somebody else has changed it since. Every prompt and dialog that saves goes through here, so that what
/// is asked about is what is replaced.
std::string path_to_save(const std::string& written, KnownFile& may_replace, const KnownFile& own = {});

}  // namespace saccade
