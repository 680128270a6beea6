# cmake -DOUT=file.c -DCSS=page.css -DJS=page.js -P embed.cmake: texts as C arrays.
set(text "/* Generated from casework/page/. */\n#include \"casework/page_parts.h\"\n")
foreach(name css js)
    string(TOUPPER ${name} upper)
    file(READ ${${upper}} hex HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
    string(APPEND text "const char frt_page_${name}[] = {${bytes}'\\0'};\n")
endforeach()
file(WRITE ${OUT} "${text}")
