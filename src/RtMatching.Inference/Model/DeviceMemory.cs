namespace RtMatching.Inference.Model;

/// <summary>Bytes of a device that has its own memory, every process's use of it counted.</summary>
public readonly record struct DeviceMemory(long Free, long Total)
{
    public long Used => Total - Free;
}
