#include "io/available_memory.hpp"

#include <cstdlib>
#include <string>

#include "io/input_file.hpp"

namespace saccade {

double available_memory() {
    const std::string text = read_start("/proc/meminfo", 4096);
    const std::string name = "MemAvailable:";
    const std::size_t at = text.find(name);
    return at == std::string::npos ? 0 : 1024 * std::strtod(text.c_str() + at + name.size(), nullptr);
}

}  // namespace saccade
