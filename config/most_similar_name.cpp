#include "config/most_similar_name.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace hw::config {
namespace {

/// Levenshtein distance, computed row by row. Callers bound both lengths.
std::size_t edit_distance(std::string_view left, std::string_view right) {
    std::vector<std::size_t> above(right.size() + 1);
    std::iota(above.begin(), above.end(), std::size_t{0});
    std::vector<std::size_t> row(right.size() + 1);
    for (std::size_t i = 0; i < left.size(); ++i) {
        row[0] = i + 1;
        for (std::size_t j = 0; j < right.size(); ++j) {
            const std::size_t change = above[j] + (left[i] == right[j] ? 0 : 1);
            row[j + 1] = std::min({change, above[j + 1] + 1, row[j] + 1});
        }
        above.swap(row);
    }
    return above.back();
}

bool lengths_are_near(std::string_view left, std::string_view right) {
    return std::max(left.size(), right.size()) - std::min(left.size(), right.size()) <= kMaxEdits;
}

}  // namespace

std::optional<std::string_view> most_similar_name(std::span<const std::string_view> names,
                                                  std::string_view name) {
    std::optional<std::string_view> nearest;
    std::size_t fewest = kMaxEdits + 1;
    for (const std::string_view candidate : names) {
        if (!lengths_are_near(candidate, name)) {
            continue;
        }
        const std::size_t distance = edit_distance(candidate, name);
        if (distance < fewest) {
            fewest = distance;
            nearest = candidate;
        }
    }
    return nearest;
}

}  // namespace hw::config
