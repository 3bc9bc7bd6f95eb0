import CProcessor

/// Asks for memory early: nothing is read or changed, and an address that is nobody's is no matter.
///
/// Addresses are taken first and asked for afterwards. What is alive while a C function is called is counted, and the count of an object
/// lies in the very memory that has yet to come.
@inline(__always)
func prefetchMemory(at address: UnsafeRawPointer?) {
    if let address { vedette_prefetch(address) }
}

@inline(__always)
func prefetchMemory<let count: Int>(at addresses: InlineArray<count, UnsafeRawPointer?>) {
    for index in addresses.indices { prefetchMemory(at: addresses[index]) }
}
