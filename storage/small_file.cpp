#include "storage/small_file.h"

#include <memory>
#include <utility>

#include "storage/log_folder.h"

namespace hw::storage {

Result<std::string> read_small_file(Disk& disk, const std::string& path) {
    HW_TRY(file, disk.open(path, OpenMode::read));
    HW_TRY(size, file->size());
    if (size > kMaxSmallFile) {
        return fail(ErrorKind::limit, "{} has {} bytes, at most {} are read", path, size,
                    kMaxSmallFile);
    }
    std::string text(size, '\0');
    HW_TRY(count, file->read_at(0, std::as_writable_bytes(std::span(text))));
    text.resize(count);
    return text;
}

Result<std::optional<std::string>> read_small_file_if_there(Disk& disk, const std::string& path) {
    auto text = read_small_file(disk, path);
    if (text) {
        return std::move(*text);
    }
    if (text.error().kind == ErrorKind::not_found) {
        return std::nullopt;
    }
    return std::unexpected(text.error());
}

std::unexpected<Error> with_remedy(const Error& error, std::string_view remedy) {
    const bool is_damaged =
        error.kind == ErrorKind::corrupt || error.kind == ErrorKind::unsupported;
    return fail(error.kind, "{}{}{}", error.message, is_damaged ? ". " : "",
                is_damaged ? remedy : std::string_view());
}

Result<void> replace_small_file(Disk& disk, const std::string& directory, const std::string& name,
                                std::string_view bytes) {
    const std::string target = directory + "/" + name;
    const std::string draft = target + std::string(kDraftSuffix);
    HW_TRY(file, disk.open(draft, OpenMode::create));
    HW_TRY_VOID(file->truncate(0));
    HW_TRY_VOID(file->write_now(0, as_bytes(bytes)));
    HW_TRY_VOID(file->sync());
    HW_TRY_VOID(disk.rename(draft, target));
    return disk.sync_directory(directory);
}

}  // namespace hw::storage
