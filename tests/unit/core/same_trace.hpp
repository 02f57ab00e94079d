#pragma once

#include <gtest/gtest.h>

#include <cstring>

#include "trace/trace.hpp"

namespace saccade::test {

/// Every tensor, bit for bit, every text and every note.
inline void expect_same_trace(const Trace& a, const Trace& b) {
    ASSERT_EQ(a.tensors().size(), b.tensors().size());
    for (const TraceTensor& tensor : a.tensors()) {
        const TraceTensor& other = b.tensor(tensor.info.name);
        ASSERT_EQ(tensor.values.shape(), other.values.shape()) << tensor.info.name;
        if (tensor.values.size() == 0) continue;
        EXPECT_EQ(std::memcmp(tensor.values.data(), other.values.data(), tensor.values.values().size_bytes()), 0)
            << tensor.info.name;
    }
    EXPECT_EQ(a.texts(), b.texts());
    ASSERT_EQ(a.notes().size(), b.notes().size());
    for (std::size_t i = 0; i < a.notes().size(); ++i) EXPECT_EQ(a.notes()[i].text, b.notes()[i].text);
}

}  // namespace saccade::test
