using System.Buffers;
using System.Runtime.InteropServices;

namespace Symbolicator.Formats.Archives;

/// <summary>
/// Decompresses .xz streams, one after the other, by liblzma. Memory is bounded by a limit. Reading throws
/// <see cref="InvalidDataException"/> for corrupt or truncated input and for input that needs more memory.
/// </summary>
internal sealed partial class Xz : ForwardStream
{
    /// <summary>Memory that the decoder may take: 65 MiB are what <c>xz -9</c> needs, the tool's largest preset.</summary>
    public const long DefaultMemory = 128L << 20;

    private const string Library = "liblzma.so.5";
    private const string Package = "liblzma5";
    private const uint Concatenated = 0x08; // LZMA_CONCATENATED
    private const int Run = 0; // LZMA_RUN
    private const int Finish = 3; // LZMA_FINISH
    private const int Ok = 0; // LZMA_OK
    private const int StreamEnd = 1; // LZMA_STREAM_END
    private const int NoMemory = 5; // LZMA_MEM_ERROR

    private readonly Stream _input;
    private readonly StateHandle _state;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(64 << 10);
    private int _filled;
    private int _used;
    private bool _ended;

    /// <param name="input">The compressed bytes; not disposed.</param>
    /// <param name="memory">Bytes that the decoder may take.</param>
    /// <exception cref="MissingLibraryException">liblzma is not installed.</exception>
    public Xz(Stream input, long memory = DefaultMemory)
    {
        _input = input;
        Verify();
        _state = new StateHandle();
        if (Native.OpenDecoder(_state.Pointer, (ulong)memory, Concatenated) != Ok)
        {
            _state.Dispose();
            throw new InsufficientMemoryException("no memory for an xz decoder");
        }
    }

    /// <exception cref="MissingLibraryException">liblzma is not installed.</exception>
    public static void Verify()
    {
        try
        {
            _ = Native.Version();
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            throw new MissingLibraryException(Library, Package, e);
        }
    }

    public override unsafe int Read(Span<byte> buffer)
    {
        while (!buffer.IsEmpty && !_ended)
        {
            if (_used == _filled)
            {
                _used = 0;
                _filled = _input.Read(_buffer);
            }

            int code, produced;
            fixed (byte* source = _buffer)
            fixed (byte* target = buffer)
            {
                var state = (State*)_state.Pointer;
                state->NextIn = (nint)source + _used;
                state->AvailableIn = (nuint)(_filled - _used);
                state->NextOut = (nint)target;
                state->AvailableOut = (nuint)buffer.Length;
                code = Native.Decode(_state.Pointer, _filled == 0 ? Finish : Run);
                _used = _filled - (int)state->AvailableIn;
                produced = buffer.Length - (int)state->AvailableOut;
            }

            if (code == NoMemory)
            {
                throw new InsufficientMemoryException("no memory for an xz decoder");
            }

            if (code is not (Ok or StreamEnd))
            {
                throw new InvalidDataException($"xz: corrupt, truncated or over the memory limit (lzma_ret {code})");
            }

            _ended = code == StreamEnd;
            if (produced != 0)
            {
                return produced;
            }
        }

        return 0;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && _buffer.Length != 0)
        {
            _state.Dispose();
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
        }

        base.Dispose(disposing);
    }

    /// <summary>lzma_stream: the members that are used, in a block of its full size that does not move.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 192)]
    private struct State
    {
        public nint NextIn;
        public nuint AvailableIn;
        public ulong TotalIn;
        public nint NextOut;
        public nuint AvailableOut;
    }

    private sealed class StateHandle : SafeHandle
    {
        public unsafe StateHandle()
            : base(0, ownsHandle: true) => SetHandle((nint)NativeMemory.AllocZeroed((nuint)sizeof(State)));

        public override bool IsInvalid => handle == 0;

        public nint Pointer => handle;

        protected override unsafe bool ReleaseHandle()
        {
            Native.Close(handle);
            NativeMemory.Free((void*)handle);
            return true;
        }
    }

    private static partial class Native
    {
        [LibraryImport(Library, EntryPoint = "lzma_version_number")]
        public static partial uint Version();

        [LibraryImport(Library, EntryPoint = "lzma_stream_decoder")]
        public static partial int OpenDecoder(nint state, ulong memory, uint flags);

        [LibraryImport(Library, EntryPoint = "lzma_code")]
        public static partial int Decode(nint state, int action);

        [LibraryImport(Library, EntryPoint = "lzma_end")]
        public static partial void Close(nint state);
    }
}
