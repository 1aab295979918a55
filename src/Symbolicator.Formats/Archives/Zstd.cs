using System.Buffers;
using System.Runtime.InteropServices;

namespace Symbolicator.Formats.Archives;

/// <summary>
/// Decompresses Zstandard frames (RFC 8878), one after the other, by libzstd. Memory is bounded by the window
/// limit. Reading throws <see cref="InvalidDataException"/> for corrupt or truncated input.
/// </summary>
internal sealed partial class Zstd : ForwardStream
{
    /// <summary>Logarithm of the largest window that is accepted: 128 MiB, as the zstd tool does by default.</summary>
    public const int DefaultWindowLog = 27;

    private const string Library = "libzstd.so.1";
    private const string Package = "libzstd1";
    private const int WindowLogParameter = 100; // ZSTD_d_windowLogMax

    private readonly Stream _input;
    private readonly DecoderHandle _decoder;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(128 << 10);
    private int _filled;
    private int _used;
    private bool _insideFrame;

    /// <param name="input">The compressed bytes; not disposed.</param>
    /// <param name="windowLog">Logarithm of the largest window to accept.</param>
    /// <exception cref="MissingLibraryException">libzstd is not installed.</exception>
    public Zstd(Stream input, int windowLog = DefaultWindowLog)
    {
        _input = input;
        Verify();
        _decoder = Native.CreateDecoder();
        if (_decoder.IsInvalid)
        {
            throw new InsufficientMemoryException("no memory for a zstd decoder");
        }

        Native.SetParameter(_decoder, WindowLogParameter, windowLog);
    }

    /// <exception cref="MissingLibraryException">libzstd is not installed.</exception>
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
        if (buffer.IsEmpty)
        {
            return 0;
        }

        while (true)
        {
            if (_used == _filled)
            {
                _used = 0;
                _filled = _input.Read(_buffer);
                if (_filled == 0 && !_insideFrame)
                {
                    return 0;
                }
            }

            bool exhausted = _filled == 0;
            nuint hint, produced;
            fixed (byte* source = _buffer)
            fixed (byte* target = buffer)
            {
                var input = new NativeBuffer { Start = (nint)source, Size = (nuint)_filled, Position = (nuint)_used };
                var output = new NativeBuffer { Start = (nint)target, Size = (nuint)buffer.Length };
                hint = Native.Decompress(_decoder, ref output, ref input);
                _used = (int)input.Position;
                produced = output.Position;
            }

            if (Native.IsError(hint) != 0)
            {
                throw new InvalidDataException("zstd: corrupt frame or window over the limit");
            }

            _insideFrame = hint != 0;
            if (produced != 0)
            {
                return (int)produced;
            }

            if (exhausted && _insideFrame)
            {
                throw new InvalidDataException("zstd: truncated frame");
            }
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && _buffer.Length != 0)
        {
            _decoder.Dispose();
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
        }

        base.Dispose(disposing);
    }

    private sealed class DecoderHandle : SafeHandle
    {
        public DecoderHandle()
            : base(0, ownsHandle: true)
        {
        }

        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle() => Native.FreeDecoder(handle) == 0;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct NativeBuffer
    {
        public nint Start;
        public nuint Size;
        public nuint Position;
    }

    private static partial class Native
    {
        [LibraryImport(Library, EntryPoint = "ZSTD_versionNumber")]
        public static partial uint Version();

        [LibraryImport(Library, EntryPoint = "ZSTD_createDCtx")]
        public static partial DecoderHandle CreateDecoder();

        [LibraryImport(Library, EntryPoint = "ZSTD_freeDCtx")]
        public static partial nuint FreeDecoder(nint decoder);

        [LibraryImport(Library, EntryPoint = "ZSTD_DCtx_setParameter")]
        public static partial nuint SetParameter(DecoderHandle decoder, int parameter, int value);

        [LibraryImport(Library, EntryPoint = "ZSTD_decompressStream")]
        public static partial nuint Decompress(DecoderHandle decoder, ref NativeBuffer output, ref NativeBuffer input);

        [LibraryImport(Library, EntryPoint = "ZSTD_isError")]
        public static partial uint IsError(nuint code);
    }
}
