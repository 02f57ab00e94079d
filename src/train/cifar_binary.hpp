#pragma once

#include "train/image_set.hpp"

namespace saccade {

/// The ten classes, in the order of their labels, which is that of the alphabet.
const std::vector<std::string>& cifar_classes();

/// Does the folder hold data_batch_1.bin or test_batch.bin?
bool holds_cifar_binary(const std::string& folder);

/// CIFAR-10, binary version (Krizhevsky 2009): records of a label byte and 32 x 32 bytes of red, then green, then blue.
/// data_batch_*.bin, or test_batch.bin; names of the classes from batches.meta.txt, where it is there.
/// Error{bad_format} for a file that is no whole number of records or holds a label above 9.
ImageSet read_cifar_binary(const std::string& folder, bool train);

}  // namespace saccade
