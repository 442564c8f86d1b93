#include "controller/operation.h"

namespace hw::controller {

using wire::ErrorCode;

Checked<const BrokerImage*> check_broker_epoch(const MetadataImage& image, BrokerId broker,
                                               BrokerEpoch epoch) {
    const BrokerImage* registration = image.find_broker(broker);
    if (registration == nullptr) {
        return refuse(ErrorCode::stale_broker_epoch, "broker {} is not registered", broker);
    }
    if (registration->epoch != epoch) {
        return refuse(ErrorCode::stale_broker_epoch,
                      "broker {} is registered with epoch {}, the request has {}", broker,
                      registration->epoch, epoch);
    }
    return registration;
}

}  // namespace hw::controller
