#include "storage/small_file.h"

#include <memory>

namespace hw::storage {

Result<std::string> read_small_file(Disk& disk, const std::string& path) {
    const auto file = disk.open(path, OpenMode::read);
    if (!file) {
        return std::unexpected(file.error());
    }
    const auto size = (*file)->size();
    if (!size) {
        return std::unexpected(size.error());
    }
    if (*size > kMaxSmallFile) {
        return fail(ErrorKind::limit, "{} has {} bytes, at most {} are read", path, *size,
                    kMaxSmallFile);
    }
    std::string text(*size, '\0');
    const auto count = (*file)->read_at(0, std::as_writable_bytes(std::span(text)));
    if (!count) {
        return std::unexpected(count.error());
    }
    text.resize(*count);
    return text;
}

Result<void> replace_small_file(Disk& disk, const std::string& directory, const std::string& name,
                                std::string_view bytes) {
    const std::string target = directory + "/" + name;
    const std::string draft = target + ".tmp";
    const auto file = disk.open(draft, OpenMode::create);
    if (!file) {
        return std::unexpected(file.error());
    }
    if (auto cut = (*file)->truncate(0); !cut) {
        return cut;
    }
    if (auto written = (*file)->write_now(0, as_bytes(bytes)); !written) {
        return written;
    }
    if (auto synced = (*file)->sync(); !synced) {
        return synced;
    }
    if (auto renamed = disk.rename(draft, target); !renamed) {
        return renamed;
    }
    return disk.sync_directory(directory);
}

}  // namespace hw::storage
