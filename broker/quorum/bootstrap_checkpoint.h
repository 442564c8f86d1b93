#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/image/features.h"
#include "protocol/base/bytes.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"

namespace hw::broker {

/// Name of the bootstrap checkpoint in the folder of the metadata log, since Kafka 4.4: a snapshot
/// with end offset 0 and epoch 0. Earlier versions have storage::kBootstrapFile.
inline constexpr const char* kBootstrapCheckpointFile =
    "00000000000000000000-0000000000.checkpoint";

/// The records that a new cluster begins with, as far as they are used.
///
/// The file that holds them is a snapshot of the metadata log (KIP-630). Each line is one batch
/// with leader epoch 0; the offsets begin with 0.
///
/// | batch | records | since |
/// |---|---|---|
/// | control | SnapshotHeader; with kraft.version 1 also KRaftVersion and KRaftVoters | 3.3; 3.9 |
/// | data | FeatureLevel: metadata.version, then others; further records of `format` | 3.3 |
/// | control | SnapshotFooter | 3.3 |
struct Bootstrap {
    /// None if the file has no record of it.
    std::optional<controller::MetadataVersion> metadata_version;
    controller::GroupVersion group_version{0};
    /// Records without effect: features of a level over 0, such as "share.version 1", and types.
    std::vector<std::string> ignored;
};

/// The checkpoint that `format` writes.
[[nodiscard]] std::string format_bootstrap(const controller::InitialFeatures& features,
                                           Timestamp now);

/// Errors: corrupt (also a file without a footer), unsupported (a metadata.version or kraft.version
/// that this program does not support), with the path.
[[nodiscard]] Result<Bootstrap> parse_bootstrap(ByteView bytes, std::string_view path);

}  // namespace hw::broker
