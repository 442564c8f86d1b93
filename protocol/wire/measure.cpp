#include "protocol/wire/measure.h"

namespace hw::wire {

void Measure::note(Reason reason, const char* field, std::size_t size) {
    if (reason_ == Reason::none) {
        reason_ = reason;
        field_ = field;
        field_size_ = size;
    }
}

Result<Size> Measure::result(std::string_view message, ApiVersion version) const {
    switch (reason_) {
        case Reason::none:
            return size_;
        case Reason::lacking:
            return fail(ErrorKind::unsupported, "{} version {} has no field {}, which is set",
                        message, version, field_);
        case Reason::null:
            return fail(ErrorKind::invalid, "{} version {}: {} must not be null", message, version,
                        field_);
        case Reason::too_long:
            return fail(ErrorKind::limit,
                        "{} version {}: {} has a length of {}; a string has at most {} bytes, any"
                        " other field at most {} bytes or elements",
                        message, version, field_, field_size_, kMaxString, INT32_MAX);
    }
    return size_;
}

}  // namespace hw::wire
